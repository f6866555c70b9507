import { decoded, isKeyType, typeOfKey } from './key.ts'
import { mistakeIn } from './mistake.ts'
import { type Names, readPatterns } from './names.ts'

export type PinnedKey = { names: Names; type: string; key: Buffer; isRevoked: boolean }

export type LineReading =
  | { kind: 'empty' }
  | { kind: 'key'; key: PinnedKey }
  | { kind: 'fingerprints'; fingerprints: readonly string[] }
  | { kind: 'wrong'; why: string; endsReading: boolean }

/** One line of known_hosts, as OpenSSH reads it, or fingerprints. What is wrong is said without repeating any of it. */
export function readLine(text: string): LineReading {
  const line = text.trim()
  if (line === '' || line.startsWith('#')) return { kind: 'empty' }
  const mistake = mistakeIn(line)
  if (mistake !== undefined) return { kind: 'wrong', ...mistake }
  return /^SHA256:/i.test(line) ? readFingerprints(line) : readKey(line)
}

function readFingerprints(line: string): LineReading {
  const words = line
    .replace(/\s#.*$/, '')
    .split(/[\s,]+/)
    .filter((word) => word !== '')
  if (!words.every((word) => /^SHA256:/i.test(word))) {
    return wrong(
      'has something behind a fingerprint: only more of them, or a comment that begins with `#`, can be there.',
    )
  }
  const values = words.map((word) => word.slice('SHA256:'.length).replace(/=$/, ''))
  if (!values.every((value) => decoded(`${value}=`)?.length === 32)) {
    return wrong('has a fingerprint that is mistyped or cut off: each is `SHA256:` and 43 characters of base64.')
  }
  return { kind: 'fingerprints', fingerprints: values.map((value) => `SHA256:${value}`) }
}

function readKey(line: string): LineReading {
  const words = line.split(/[ \t]+/)
  const marker = words[0]?.startsWith('@') ? words.shift() : undefined
  if (marker === '@cert-authority') return wrong(NO_CERTIFICATES)
  if (marker !== undefined && marker !== '@revoked') {
    return wrong('begins with a marker that does not exist: `@revoked` is the only one.')
  }
  const [hosts = '', type = '', base64 = '', ...comment] = words
  const names = readNames(hosts)
  if (typeof names === 'string') return wrong(names)
  if (!isKeyType(type) || base64 === '') {
    return wrong('is no line of known_hosts: those have a host, the type of its key, and the key.')
  }
  if (/-cert-v\d\d@/.test(type)) return wrong(NO_CERTIFICATES)

  const key = decoded(base64)
  const itself = key === undefined ? undefined : typeOfKey(key)
  if (key === undefined || itself === undefined) {
    return wrong('has a key that is mistyped or cut off: copy the whole line again.')
  }
  if (itself !== type) return wrong(`names another type than that of its key, which is \`${itself}\`.`)
  if (comment.some((word) => /^AAAA[A-Za-z0-9+/]{40}/.test(word))) {
    return wrong('has several keys: write each on a line of its own.')
  }
  return { kind: 'key', key: { names, type, key, isRevoked: marker === '@revoked' } }
}

const NO_CERTIFICATES =
  "is about certificates of hosts, which the way to servers used here cannot check: write the server's own key."

/** OpenSSH compares no longer ones. */
const LONGEST_PATTERN = 1023

function readNames(field: string): Names | string {
  if (field.startsWith('|')) return readHashed(field)
  const patterns = field.split(',')
  if (!/^[\x21-\x7e]*$/.test(field) || /[/@]/.test(field) || patterns.some(({ length }) => length > LONGEST_PATTERN)) {
    return 'begins with what can be no host: write its name or its address alone.'
  }
  if (patterns.some((pattern) => /^!?[^:[\]]*:\d*$/.test(pattern))) {
    return 'has a port without brackets: write `[host]:port`.'
  }
  return readPatterns(field)
}

function readHashed(field: string): Names | string {
  const [, salt, hash] = /^\|1\|([^|]*)\|([^|]*)$/.exec(field)?.map((part) => decoded(part)) ?? []
  return salt?.length === 20 && hash?.length === 20
    ? { kind: 'hashed', salt, hash }
    : 'has a hashed host that is mistyped or cut off: copy the whole line again.'
}

function wrong(why: string): LineReading {
  return { kind: 'wrong', why, endsReading: false }
}
