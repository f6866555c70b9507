import { createHash } from 'node:crypto'

/** What the parts of a public key's blob are, behind the first, which names the type. */
const WHOLE = new Map<string, (parts: readonly Buffer[]) => boolean>([
  ['ssh-ed25519', ([key, ...more]) => key?.length === 32 && more.length === 0],
  ['ecdsa-sha2-nistp256', (parts) => isPoint(parts, 'nistp256', 65)],
  ['ecdsa-sha2-nistp384', (parts) => isPoint(parts, 'nistp384', 97)],
  ['ecdsa-sha2-nistp521', (parts) => isPoint(parts, 'nistp521', 133)],
  ['ssh-rsa', (parts) => parts.length === 2 && parts.every(({ length }) => length > 0)],
])

function isPoint([curve, point, ...more]: readonly Buffer[], name: string, length: number): boolean {
  return curve?.toString('latin1') === name && point?.length === length && point[0] === 4 && more.length === 0
}

/** The type that a blob says of itself; undefined where it is no public key, or only a part of one. */
export function typeOfKey(blob: Buffer): string | undefined {
  const [name, ...parts] = partsOf(blob) ?? []
  if (name === undefined || parts.length === 0) return undefined
  const type = name.toString('latin1')
  return isKeyType(type) && (WHOLE.get(type)?.(parts) ?? true) ? type : undefined
}

/** Whether a word can be the name of a type of keys (RFC 4251, section 6), whether known here or not. */
export function isKeyType(word: string): boolean {
  return /^(?=[^-]*-)[a-z0-9][a-z0-9.-]{2,40}(?:@[a-z0-9.-]{1,40})?$/.test(word)
}

export function fingerprintOf(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace('=', '')}`
}

/** The bytes of a text that is base64 from its first character to its padding; undefined for any other. */
export function decoded(base64: string): Buffer | undefined {
  const bytes = Buffer.from(base64, 'base64')
  return bytes.toString('base64') === base64 ? bytes : undefined
}

/** Texts with their lengths before them, to the end and no further. */
function partsOf(blob: Buffer): Buffer[] | undefined {
  const parts: Buffer[] = []
  let at = 0
  // The keys that there are have four parts at the most, behind their names.
  while (at < blob.length && parts.length < 10) {
    if (at + 4 > blob.length) return undefined
    const end = at + 4 + blob.readUInt32BE(at)
    parts.push(blob.subarray(at + 4, end))
    at = end
  }
  return at === blob.length ? parts : undefined
}
