import { stripVTControlCharacters } from 'node:util'

/**
 * What a line is that cargo prints with `--verbose`: why it compiles what was there already, one of hundreds that nobody
 * reads, or what it says anyway. Its own words end in the twelfth column, and what it repeats of a build script begins in
 * the third.
 */
export function kindOfVerboseLine(line: string): 'reason' | 'noise' | 'said' {
  const plain = stripVTControlCharacters(line)
  if (/^ {7}Dirty /.test(plain)) return 'reason'
  return /^( {5}Running| {7}Fresh) /.test(plain) ? 'noise' : 'said'
}
