import { createPrivateKey, type KeyObject } from 'node:crypto'
import { type Armour, armoured } from './armour.ts'
import { hashingRounds, isWholeSequence } from './der.ts'
import {
  CIPHER_UNKNOWN,
  DAMAGED,
  DSA,
  OPENING_TOO_SLOW,
  PASSPHRASE_MISSING,
  PASSPHRASE_WRONG,
  unlessThrown,
  type Wrong,
} from './wrong.ts'

/** Those of old PEM files that OpenSSL still opens without being asked for more. */
const CIPHERS = /^(AES-(128|192|256)-CBC|DES-EDE3-CBC)$/

/** Ten times what is recommended now. */
const MOST_ROUNDS = 10_000_000

/** PKCS#1, SEC1 and PKCS#8, with or without encryption. */
export function openPem(armour: Armour, passphrase: string): KeyObject | Wrong {
  const { label, encryption, bytes } = armour
  if (label.startsWith('DSA ')) return DSA
  const encrypted = encryption !== undefined || label.startsWith('ENCRYPTED ')
  if (encryption === undefined && !isWholeSequence(bytes)) return DAMAGED
  if (encryption !== undefined && !CIPHERS.test(encryption.cipher)) return CIPHER_UNKNOWN
  if (encrypted && passphrase === '') return PASSPHRASE_MISSING
  if (encrypted && encryption === undefined && hashingRounds(bytes) > MOST_ROUNDS) return OPENING_TOO_SLOW
  const key = unlessThrown(() => createPrivateKey({ key: armoured(armour), format: 'pem', passphrase }))
  return key ?? (encrypted ? PASSPHRASE_WRONG : DAMAGED)
}
