import { readFile } from 'node:fs/promises'

export type ImageOptions = {
  /** Usually /etc/os-release. */
  osRelease: string
  /** `ImageOS` of GitHub's own runners, which have more installed than the distribution they come from. */
  imageOs: string | undefined
}

/**
 * The system that things are compiled on. Cached programs and libraries are linked with what it has, so that nothing may
 * cross from one to another. The version of GitHub's images is left out: it changes often, mostly in ways that no
 * dependency sees, and the compilers among them are in the key themselves.
 */
export async function readImage({ osRelease, imageOs }: ImageOptions): Promise<string> {
  const text = await readFile(osRelease, 'utf8').catch(() => '')
  const values = new Map(
    text
      .slice(0, 65_536)
      .split('\n')
      .flatMap((line) => assignment(line) ?? []),
  )
  // Distributions that roll on, and testing ones, have no number.
  const version = values.get('VERSION_ID') ?? values.get('VERSION_CODENAME') ?? ''
  return [`${values.get('ID') ?? ''}${version}`, imageOs ?? ''].filter((part) => part !== '').join('.')
}

function assignment(line: string): [[string, string]] | undefined {
  const [, name, , value] = /^([A-Z_]+)=(["']?)(.*)\2\s*$/.exec(line) ?? []
  return name === undefined || value === undefined ? undefined : [[name, value]]
}
