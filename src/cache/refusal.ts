import { Failed } from '../report/ending.ts'

/**
 * Why nothing was done, from what the toolkit printed, since it keeps its errors to itself. Some of it is as it should
 * be; everything else is thrown.
 */
export function refusalIn({ stdout }: { stdout: string }): { why?: string } {
  // The one line that tells a key that is taken from every other trouble is for debugging only.
  const reserving = lineOf(stdout, /^::debug::Failed to reserve cache: (?:Error: )?(.*)$/m)
  if (reserving !== undefined && TAKEN.test(reserving)) return { why: 'another job has saved it already' }
  const told = lineOf(stdout, /^::(?:warning|error)(?: [^:\n]*)?::(.*)$/m)
  // What it says aloud of a key that it could not reserve is only a guess.
  const why = told === undefined || /^Unable to reserve cache.*may be creating/.test(told) ? (reserving ?? told) : told
  if (why === undefined) return {}
  if (DENIED.test(why)) return { why: why.replace(/^.*(?=cache (?:read|write) denied:)/, '') }
  // tar says itself what is wrong, and the toolkit only that something is.
  const complaint = lineOf(stdout, /^\[command\].*\n(?!::)(.+)$/m)
  throw new Failed(/tar.* failed with/.test(why) ? `tar ended with: ${complaint ?? why}` : why)
}

const TAKEN = /^Response was not ok$|already exists|\(409\)/
const DENIED = /cache (read|write) denied:/

function lineOf(stdout: string, shape: RegExp): string | undefined {
  const [, text] = shape.exec(stdout) ?? []
  if (text === undefined) return undefined
  const [first = ''] = text.split('%0A')
  return (
    first
      .replaceAll('%0D', '')
      .replaceAll('%25', '%')
      // What the toolkit was doing, once or twice over.
      .replace(/^(Failed to (restore|save): |Failed to \w+: |TypeError: |Received non-retryable error: )+/, '')
      .replace(/^aborted$/, 'the download was broken off')
      // The rest of a signed address is the right to read or write the archive.
      .replace(/(https?:\/\/[^\s?]+)\?\S+/g, '$1')
      .slice(0, 500)
  )
}
