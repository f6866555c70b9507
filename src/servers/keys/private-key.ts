import { createHash, createPrivateKey, createPublicKey, type JsonWebKey, KeyObject, sign, verify } from 'node:crypto'
import { Refused } from '../../report/ending.ts'
import { findArmour } from './armour.ts'
import { isOpenSsh, openOpenSsh, openSshEd25519 } from './openssh.ts'
import { openPem } from './pem.ts'
import { wireInteger, wireString } from './wire.ts'
import { DAMAGED, DSA, KIND_UNKNOWN, tooLong, tooShort, unlessThrown, type Wrong } from './wrong.ts'

export type PrivateKey = {
  /** Without encryption, in a form that ssh2 takes: a secret of its own. */
  text: string
  /** `ssh-ed25519` */
  type: string
  /** `SHA256:…` of the public half, as `ssh-keygen -l` prints it. */
  fingerprint: string
  /** `ssh-ed25519 AAAA…`, for authorized_keys. */
  publicLine: string
}

export type GivenKey = {
  text: string
  passphrase?: string | undefined
  /** The setting that it came from, for messages. */
  setting?: string
}

/** Reads what people put into a secret. What is no key that can be used is refused, and nothing of it is shown. */
export async function readPrivateKey({ text, passphrase = '', setting = 'ssh-key' }: GivenKey): Promise<PrivateKey> {
  const found = findArmour(text)
  // Nobody types a line end into a passphrase, but files and secrets end with one.
  const typed = passphrase.replace(/\r?\n$/, '')
  const opened =
    'wrong' in found ? found : isOpenSsh(found.bytes) ? await openOpenSsh(found, typed) : openPem(found, typed)
  const key = opened instanceof KeyObject ? (unlessThrown(() => usable(opened)) ?? DAMAGED) : opened
  if ('wrong' in key) throw new Refused(`\`${setting}\` ${key.wrong}`)
  return key
}

function usable(key: KeyObject): PrivateKey | Wrong {
  const half = publicHalf(key)
  if ('wrong' in half) return half
  if (!signsForItsPublicHalf(key)) return DAMAGED
  const { type, blob, text } = half
  const digest = createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')
  return { text, type, fingerprint: `SHA256:${digest}`, publicLine: `${type} ${blob.toString('base64')}` }
}

type PublicHalf = { type: string; blob: Buffer; text: string }

function publicHalf(key: KeyObject): PublicHalf | Wrong {
  switch (key.asymmetricKeyType) {
    case 'ed25519':
      return ed25519(key.export({ format: 'jwk' }))
    case 'rsa':
      return rsa(key)
    case 'ec':
      return ecdsa(key)
    case 'dsa':
      return DSA
    default:
      return KIND_UNKNOWN
  }
}

function ed25519({ x, d }: JsonWebKey): PublicHalf {
  const point = bytesOf(x)
  const type = 'ssh-ed25519'
  const blob = Buffer.concat([wireString(type), wireString(point)])
  return { type, blob, text: openSshEd25519(bytesOf(d), point) }
}

function rsa(key: KeyObject): PublicHalf | Wrong {
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  if (bits < 1024) return tooShort(bits)
  if (bits > 16384) return tooLong(bits)
  const { e, n } = key.export({ format: 'jwk' })
  const type = 'ssh-rsa'
  const blob = Buffer.concat([wireString(type), wireInteger(bytesOf(e)), wireInteger(bytesOf(n))])
  return { type, blob, text: key.export({ type: 'pkcs1', format: 'pem' }).toString() }
}

const CURVES: Record<string, string> = { prime256v1: 'nistp256', secp384r1: 'nistp384', secp521r1: 'nistp521' }

function ecdsa(key: KeyObject): PublicHalf | Wrong {
  const curve = CURVES[key.asymmetricKeyDetails?.namedCurve ?? '']
  if (curve === undefined) return KIND_UNKNOWN
  const jwk = key.export({ format: 'jwk' })
  const type = `ecdsa-sha2-${curve}`
  const uncompressed = 4
  const point = Buffer.concat([Buffer.of(uncompressed), bytesOf(jwk.x), bytesOf(jwk.y)])
  const blob = Buffer.concat([wireString(type), wireString(curve), wireString(point)])
  // Some files spell the curve out, which ssh2 does not read; this form names it.
  const named = createPrivateKey({ key: jwk, format: 'jwk' })
  return { type, blob, text: named.export({ type: 'sec1', format: 'pem' }).toString() }
}

function bytesOf(base64url: string | undefined): Buffer {
  return Buffer.from(base64url ?? '', 'base64url')
}

/** A file whose halves do not belong together would only be turned away by the server, without a reason. */
function signsForItsPublicHalf(key: KeyObject): boolean {
  const hash = key.asymmetricKeyType === 'ed25519' ? null : 'sha256'
  const said = Buffer.from('one key')
  return verify(hash, said, createPublicKey(key), sign(hash, said, key))
}
