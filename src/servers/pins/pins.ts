import { Refused } from '../../report/ending.ts'
import { fingerprintOf, typeOfKey } from './key.ts'
import { type PinnedKey, readLine } from './line.ts'
import { areAbout, namesOf, type Place } from './names.ts'

export type { Place }

/** What `ssh-known-hosts` says, of any server. Only the functions here look into it. */
export type Pins = {
  readonly keys: readonly (PinnedKey & { line: number })[]
  /** Of keys that are good for every host. */
  readonly fingerprints: readonly string[]
}

export type KeyVerdict =
  | { kind: 'pinned' }
  | { kind: 'revoked'; line: number }
  | { kind: 'other'; pinned: readonly string[] }
  | { kind: 'unknown' }

const MOST_CHARACTERS = 1_000_000
const MOST_LINES = 10_000
const MOST_PROBLEMS = 20

/** Reads lines of known_hosts and fingerprints. Refused, with numbers of lines, when there is any that says nothing. */
export function readPins(text: string): Pins {
  const lines = text.length > MOST_CHARACTERS ? [] : text.trimEnd().split('\n')
  if (text.length > MOST_CHARACTERS || lines.length > MOST_LINES) {
    throw new Refused(
      '`ssh-known-hosts` is too large: it may have 10,000 lines and a million characters. Keep the lines of your servers.',
    )
  }
  const keys: Pins['keys'][number][] = []
  const fingerprints: string[] = []
  const problems: string[] = []
  for (const [index, line] of lines.entries()) {
    const reading = readLine(line)
    if (reading.kind === 'key') keys.push({ ...reading.key, line: index + 1 })
    else if (reading.kind === 'fingerprints') fingerprints.push(...reading.fingerprints)
    else if (reading.kind === 'wrong') {
      problems.push(`Line ${index + 1} of \`ssh-known-hosts\` ${reading.why}`)
      if (reading.endsReading) break
    }
  }
  if (problems.length > 0) throw new Refused(firstOf(problems))
  if (fingerprints.length === 0 && keys.every(({ isRevoked }) => isRevoked)) {
    throw new Refused(
      '`ssh-known-hosts` pins no key, so no server can be told from an impostor: write the line that `ssh-keyscan` prints for each server, after comparing its fingerprint on the server, or that fingerprint (`SHA256:…`).',
    )
  }
  return { keys, fingerprints }
}

function firstOf(problems: readonly string[]): string[] {
  const more = problems.length - MOST_PROBLEMS
  if (more <= 0) return [...problems]
  return [...problems.slice(0, MOST_PROBLEMS), `${more} more lines of \`ssh-known-hosts\` cannot be read.`]
}

/** Whether a server that shows this key is the one that is meant. Every line about it counts, not only the first. */
export function judgeHostKey(pins: Pins, place: Place, key: Buffer): KeyVerdict {
  const about = pins.keys.filter(({ names }) => areAbout(names, place))
  const revoked = about.find((line) => line.isRevoked && line.key.equals(key))
  if (revoked !== undefined) return { kind: 'revoked', line: revoked.line }
  const pinned = [...new Set([...goodOf(about).map((line) => fingerprintOf(line.key)), ...pins.fingerprints])]
  if (pinned.length === 0) return { kind: 'unknown' }
  return pinned.includes(fingerprintOf(key)) ? { kind: 'pinned' } : { kind: 'other', pinned }
}

/** What a server may sign with, the best first, for each type of key. With `ssh-rsa` it would sign with SHA-1. */
const ALGORITHMS = [
  { type: 'ssh-ed25519', algorithms: ['ssh-ed25519'] },
  { type: 'ecdsa-sha2-nistp256', algorithms: ['ecdsa-sha2-nistp256'] },
  { type: 'ecdsa-sha2-nistp384', algorithms: ['ecdsa-sha2-nistp384'] },
  { type: 'ecdsa-sha2-nistp521', algorithms: ['ecdsa-sha2-nistp521'] },
  { type: 'ssh-rsa', algorithms: ['rsa-sha2-512', 'rsa-sha2-256'] },
] as const

/**
 * What to ask a server for, so that of its keys it shows one that is pinned; undefined where any may be. A fingerprint
 * does not tell its type: where there are any, all other types follow the pinned ones.
 */
export function wantedKeyTypes(pins: Pins, place: Place): readonly string[] | undefined {
  const good = goodOf(pins.keys.filter(({ names }) => areAbout(names, place)))
  const pinned = ALGORITHMS.filter(({ type }) => good.some((line) => line.type === type))
  if (pinned.length === 0) return undefined
  const others = pins.fingerprints.length === 0 ? [] : ALGORITHMS.filter((each) => !pinned.includes(each))
  return [...pinned, ...others].flatMap(({ algorithms }) => algorithms)
}

/** The keys of these lines that none of them revokes. */
function goodOf(about: readonly PinnedKey[]): PinnedKey[] {
  const blobOf = ({ key }: PinnedKey) => key.toString('base64')
  const revoked = new Set(about.filter(({ isRevoked }) => isRevoked).map(blobOf))
  return about.filter((line) => !revoked.has(blobOf(line)))
}

/** For messages: what a server shows is from outside, and may be no key at all. */
export function describeKey(key: Buffer): { type: string; fingerprint: string } {
  return { type: typeOfKey(key) ?? 'unknown', fingerprint: fingerprintOf(key) }
}

/** The line that pins this key of this server. */
export function knownHostsLine(place: Place, key: Buffer): string {
  return `${namesOf(place)[0]} ${describeKey(key).type} ${key.toString('base64')}`
}
