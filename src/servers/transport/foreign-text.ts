import { stripVTControlCharacters } from 'node:util'

const LONGEST = 300

/** What a server said, as part of a sentence: on one line, without what a terminal would obey, not too long. */
export function foreignText(text: string): string {
  const plain = stripVTControlCharacters(text)
    .replace(/[\x00-\x20\x7f-\x9f\u2028\u2029]+/g, ' ')
    .trim()
  return plain.length > LONGEST ? `${plain.slice(0, LONGEST)}…` : plain
}
