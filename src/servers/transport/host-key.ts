import { createHash } from 'node:crypto'

/** How a key is written where people compare keys. */
export function describeKey(key: Buffer): string {
  const fingerprint = createHash('sha256').update(key).digest('base64').replace(/=+$/, '')
  return `${typeOf(key)} SHA256:${fingerprint}`
}

/** A key begins with the name of its type and its length. */
function typeOf(key: Buffer): string {
  const length = key.length < 4 ? 0 : key.readUInt32BE(0)
  const name = key.toString('latin1', 4, 4 + Math.min(length, 64))
  return /^[\w@.-]+$/.test(name) ? name : 'of no known type'
}
