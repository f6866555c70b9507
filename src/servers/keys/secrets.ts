import { armoured, findArmour } from './armour.ts'
import { plainTextOf } from './plain-text.ts'

/** Shorter pieces are no secret, and hiding them would hide other things. */
const SHORTEST = 16

/**
 * All that must never be printed once a key was given: the whole as it came and as it is meant, each of its lines in both
 * forms, and the passphrase. Of a text that is no key too, since it may be a piece of one.
 */
export function secretsOf(text: string, passphrase?: string): string[] {
  const found = findArmour(text)
  const meant = 'wrong' in found ? [] : [armoured(found), found.bytes.toString('base64')]
  const wholes = [text, plainTextOf(text), ...meant].map((whole) => whole.trim())
  // Whatever has become of the line ends is white space, in every form.
  const lines = wholes.flatMap((whole) => whole.split(/\s+/)).filter((line) => line.length >= SHORTEST)
  const typed = passphrase?.replace(/\r?\n$/, '') ?? ''
  return [...new Set([...wholes, ...lines, passphrase ?? '', typed])].filter((secret) => secret !== '')
}
