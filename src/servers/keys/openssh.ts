import { createPrivateKey, type KeyObject } from 'node:crypto'
import { type Armour, armoured } from './armour.ts'
import { WireReader, wireNumber, wireString } from './wire.ts'
import {
  CIPHER_UNKNOWN,
  DAMAGED,
  DSA,
  KIND_UNKNOWN,
  ON_HARDWARE,
  OPENING_TOO_SLOW,
  PASSPHRASE_MISSING,
  PASSPHRASE_WRONG,
  unlessThrown,
  type Wrong,
} from './wrong.ts'

const MAGIC = Buffer.from('openssh-key-v1\0')
const LABEL = 'OPENSSH PRIVATE KEY'

/** Those that the parser really opens; it names more. */
const CIPHERS = /^(none|aes(128|192|256)-(ctr|cbc)|aes(128|256)-gcm@openssh\.com|3des-cbc)$/

/** ssh-keygen's own default is 16 or 24, and guides say 100. The parser is slow, and nothing else goes on meanwhile. */
const MOST_ROUNDS = 500

export function isOpenSsh(bytes: Buffer): boolean {
  return bytes.subarray(0, MAGIC.length).equals(MAGIC)
}

export async function openOpenSsh(armour: Armour, passphrase: string): Promise<KeyObject | Wrong> {
  const head = unlessThrown(() => readHead(armour.bytes))
  if (head === undefined || head.keys !== 1) return DAMAGED
  if (head.type.startsWith('sk-')) return ON_HARDWARE
  if (head.type === 'ssh-dss') return DSA
  if (!/^(ssh-(rsa|ed25519)|ecdsa-sha2-nistp(256|384|521))$/.test(head.type)) return KIND_UNKNOWN
  if (!CIPHERS.test(head.cipher)) return CIPHER_UNKNOWN
  const encrypted = head.cipher !== 'none'
  if (encrypted && passphrase === '') return PASSPHRASE_MISSING
  if (head.rounds > MOST_ROUNDS) return OPENING_TOO_SLOW
  const ssh2 = await import('ssh2')
  const key = unlessThrown(() => {
    // Undefined and errors are returned too, and neither has this method.
    const parsed: unknown = ssh2.default.utils.parseKey(armoured({ ...armour, label: LABEL }), passphrase)
    return createPrivateKey((parsed as { getPrivatePEM(): string }).getPrivatePEM())
  })
  return key ?? (encrypted ? PASSPHRASE_WRONG : DAMAGED)
}

/** What stands before the part that may be encrypted: the whole public half too. */
function readHead(bytes: Buffer): { cipher: string; rounds: number; keys: number; type: string } {
  const reader = new WireReader(bytes, MAGIC.length)
  const cipher = reader.string().toString('latin1')
  reader.string()
  const derivation = reader.string()
  const keys = reader.number()
  const type = new WireReader(reader.string()).string().toString('latin1')
  reader.string()
  return { cipher, rounds: derivation.length === 0 ? 0 : roundsOf(derivation), keys, type }
}

function roundsOf(derivation: Buffer): number {
  const reader = new WireReader(derivation)
  reader.string()
  return reader.number()
}

/** The only form in which ssh2 takes an Ed25519 key. The same key gives the same text. */
export function openSshEd25519(seed: Buffer, point: Buffer): string {
  const publicHalf = Buffer.concat([wireString('ssh-ed25519'), wireString(point)])
  // Two equal numbers tell that decrypting worked, which nobody has to know here; then both halves, and no comment.
  const fields = [wireNumber(0), wireNumber(0), publicHalf, wireString(Buffer.concat([seed, point])), wireString('')]
  const plain = Buffer.concat(fields)
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7].slice(0, -plain.length & 7))
  const none = [wireString('none'), wireString('none'), wireString('')]
  const whole = [MAGIC, ...none, wireNumber(1), wireString(publicHalf), wireString(Buffer.concat([plain, padding]))]
  return armoured({ label: LABEL, encryption: undefined, bytes: Buffer.concat(whole) })
}
