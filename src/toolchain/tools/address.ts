import { posix } from 'node:path'
import { Refused } from '../../report/ending.ts'
import { isTrusted } from '../download/trusted.ts'

export type Wanted = { url: string; tool: string; version: string; mirror: string }

/** Where a pinned file is downloaded: at its home or, where there is a mirror, from there and nowhere else. */
export function addressOf({ url, tool, version, mirror }: Wanted): URL {
  return new URL(mirror === '' ? url : `${mirrorOf(mirror)}/${pathOnMirror(url, tool, version)}`)
}

export function pathOnMirror(url: string, tool: string, version: string): string {
  return `${tool}/${version}/${posix.basename(new URL(url).pathname)}`
}

/** Refuses a mirror that nothing can come from, which is known before anything is needed of it. */
export function checkMirror(mirror: string): void {
  if (mirror !== '') mirrorOf(mirror)
}

function mirrorOf(mirror: string): string {
  const url = URL.canParse(mirror) ? new URL(mirror) : undefined
  const isPlain = url !== undefined && `${url.username}${url.password}${url.search}${url.hash}` === ''
  if (isPlain && isTrusted(url)) return url.href.replace(/\/+$/, '')
  // Not repeated here: a login in it would be a secret that nobody has hidden.
  throw new Refused(
    'tools-mirror is not an address that tools can be downloaded from. Write an https address without a login, a query or a fragment, such as https://mirror.example/tools.',
  )
}
