import { stripVTControlCharacters } from 'node:util'

/**
 * A text from outside (an advisory, a name, a complaint of a tool) as a part of a sentence of ours: one line without
 * colours, control characters and signs that change the direction of writing, and of a bounded length.
 */
export function oneLine(text: string, longest = 300): string {
  // Cut before it is searched, since a hostile text can be of any length.
  const line = stripVTControlCharacters(text.slice(0, longest * 4))
    .replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ')
    .trim()
  return line.length > longest ? `${line.slice(0, longest)}…` : line
}
