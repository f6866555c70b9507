import { stripVTControlCharacters } from 'node:util'

/** Longer lines than this say nothing to the readers, and would make their patterns slow. */
const LONGEST = 4000

/** A line that a tool printed, as the readers of this room take it: without colours, and short enough to be searched. */
export function plainLine(printed: string): string {
  return stripVTControlCharacters(printed.slice(0, LONGEST))
}
