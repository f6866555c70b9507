import { createHmac, generateKeyPairSync, randomBytes } from 'node:crypto'

/** The public key of a server, as it shows it. */
export type MadeKey = { type: string; blob: Buffer; base64: string }

export function madeEd25519(): MadeKey {
  const { publicKey } = generateKeyPairSync('ed25519')
  return madeKey('ssh-ed25519', fieldOf(publicKey.export({ format: 'jwk' }), 'x'))
}

export function madeEcdsa(): MadeKey {
  const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
  const point = Buffer.concat([Buffer.from([4]), fieldOf(jwk, 'x'), fieldOf(jwk, 'y')])
  return madeKey('ecdsa-sha2-nistp256', Buffer.from('nistp256'), point)
}

export function madeRsa(): MadeKey {
  const jwk = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })
  // Numbers have a sign, and the first bit of a modulus is always set.
  return madeKey('ssh-rsa', fieldOf(jwk, 'e'), Buffer.concat([Buffer.from([0]), fieldOf(jwk, 'n')]))
}

export function madeKey(type: string, ...parts: readonly Buffer[]): MadeKey {
  const blob = Buffer.concat([Buffer.from(type), ...parts].flatMap((part) => [lengthOf(part), part]))
  return { type, blob, base64: blob.toString('base64') }
}

/** A name as `ssh-keygen -H` writes it. */
export function hashedName(name: string): string {
  const salt = randomBytes(20)
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`
}

function fieldOf(jwk: object, name: string): Buffer {
  return Buffer.from(String(Object.entries(jwk).find(([key]) => key === name)?.[1]), 'base64url')
}

function lengthOf(part: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(part.length)
  return length
}
