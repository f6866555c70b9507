import { generateKeyPairSync } from 'node:crypto'
import ssh2 from 'ssh2'

export const PASSPHRASE = 'correct horse, battery: staple'

const pkcs8 = { type: 'pkcs8', format: 'pem' } as const
const spki = { type: 'spki', format: 'pem' } as const
const cipher = 'aes-256-cbc'

const rsa = (privateKeyEncoding: object) =>
  generateKeyPairSync('rsa', {
    modulusLength: 1024,
    publicKeyEncoding: spki,
    privateKeyEncoding: privateKeyEncoding as typeof pkcs8,
  }).privateKey
const ec = (namedCurve: string, privateKeyEncoding: object) =>
  generateKeyPairSync('ec', {
    namedCurve,
    publicKeyEncoding: spki,
    privateKeyEncoding: privateKeyEncoding as typeof pkcs8,
  }).privateKey
const openSsh = (kind: 'ed25519' | 'ecdsa', encryption: object) =>
  ssh2.utils.generateKeyPairSync(kind, { bits: 256, comment: 'made', ...encryption } as never).private

/** New keys of most kinds and forms, without any program. */
export function madeKeys() {
  const encrypted = { cipher, passphrase: PASSPHRASE }
  return {
    'OpenSSH Ed25519': openSsh('ed25519', {}),
    'OpenSSH ECDSA': openSsh('ecdsa', {}),
    'OpenSSH encrypted': openSsh('ed25519', { cipher: 'aes256-ctr', passphrase: PASSPHRASE, rounds: 1 }),
    'PKCS#1': rsa({ type: 'pkcs1', format: 'pem' }),
    'PKCS#1 encrypted': rsa({ type: 'pkcs1', format: 'pem', ...encrypted }),
    SEC1: ec('P-384', { type: 'sec1', format: 'pem' }),
    'PKCS#8 Ed25519': generateKeyPairSync('ed25519', { publicKeyEncoding: spki, privateKeyEncoding: pkcs8 }).privateKey,
    'PKCS#8 ECDSA': ec('P-521', pkcs8),
    'PKCS#8 encrypted': rsa({ ...pkcs8, ...encrypted }),
  }
}

/** What is secret in the text of a key: all of it but its first and its last line. */
export function bodyOf(text: string): string {
  return text.replace(/^-----.*$/gm, '').replace(/\s/g, '')
}

/** A piece of the secret that a message shows. */
export function shownOf(secret: string, message: string): string | undefined {
  for (let at = 0; at + 8 <= message.length; at++) {
    const piece = message.slice(at, at + 8)
    if (secret.includes(piece)) return piece
  }
  return undefined
}
