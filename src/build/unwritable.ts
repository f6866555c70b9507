import { Failed } from '../report/ending.ts'

/** What has become of a file that could not be written: why, and what helps, which room on the disk seldom does. */
export function unwritable(what: string, cause: unknown): Failed {
  const why = cause instanceof Error ? cause.message : String(cause)
  const remedy = REMEDIES[codeOf(cause)] ?? 'look at what is there, at the rights to it and at the room on its disk'
  return new Failed(`${what} could not be written (${why}): ${remedy}.`, { cause })
}

const ROOM = 'see that the disk has room for it'
const RIGHTS =
  'this user may not write there. Give it the right to, or name another target folder with CARGO_TARGET_DIR'
const PLACE = 'something else is in its place. Move that away'

const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: ROOM,
  EDQUOT: ROOM,
  EACCES: RIGHTS,
  EPERM: RIGHTS,
  EROFS: RIGHTS,
  ENOTDIR: PLACE,
  EEXIST: PLACE,
  EISDIR: PLACE,
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : ''
}
