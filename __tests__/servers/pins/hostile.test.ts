import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Refused } from '../../../src/report/ending.ts'
import { describeKey, judgeHostKey, type Pins, readPins, wantedKeyTypes } from '../../../src/servers/pins/pins.ts'
import { hashedName, madeEcdsa, madeEd25519, madeKey, madeRsa } from './made-key.ts'

const ed = madeEd25519()
const ec = madeEcdsa()
const rsa = madeRsa()
const dss = madeKey('ssh-dss', ...['p', 'q', 'g', 'y'].map((part) => Buffer.from(part)))
const WEB = { host: 'web1.example', port: 22 }
const GOOD = `web1.example ${ed.type} ${ed.base64}`
const FINGERPRINT = describeKey(ed.blob).fingerprint

/** The pins, or the problems. */
function read(text: string): Pins | readonly string[] {
  try {
    return readPins(text)
  } catch (error) {
    if (error instanceof Refused) return error.problems
    throw error
  }
}

const ofLength = (length: number) => madeKey('ssh-ed25519', Buffer.alloc(length)).base64

test.each<[string, string, RegExp]>([
  ['an MD5 fingerprint', 'MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48', /has an MD5 fingerprint, .* SHA256/],
  ['the same as older programs print it', '16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48', /has an MD5 fingerprint/],
  ['the same with a length', '2048 MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48', /has an MD5 fingerprint/],
  ['a key alone', ed.base64, /is a key without a host and a type: write `host ssh-ed25519 AAAA…`/],
  ['a key with its type', `${ed.type} ${ed.base64} root@web1`, /is a key without a host: write/],
  ['a key with a host', `web1 ${ed.base64}`, /has a key without its type: write/],
  ['a host alone', 'web1', /is no line of known_hosts/],
  ['a host and a type', 'web1 ssh-ed25519', /is no line of known_hosts/],
  ['a comment where the key should be', 'web1 # web1', /is no line of known_hosts/],
  ['SHA256 alone', 'SHA256', /has `SHA256` without a value/],
  ['SHA256 with a colon', 'SHA256:', /has `SHA256` without a value/],
  ['SHA256 with a blank', FINGERPRINT.replace(':', ' '), /has `SHA256` without a value/],
  ['a second SHA256 without a value', `${FINGERPRINT} SHA256:`, /has a fingerprint that is mistyped or cut off/],
  ['a fingerprint that is cut off', FINGERPRINT.slice(0, -1), /has a fingerprint that is mistyped or cut off/],
  ['a fingerprint that is too long', `${FINGERPRINT}A`, /has a fingerprint that is mistyped or cut off/],
  [
    'a fingerprint with a last character that none has',
    `SHA256:${'B'.repeat(43)}`,
    /has a fingerprint that is mistyped/,
  ],
  ['a fingerprint in hexadecimal', `SHA256:${'ab'.repeat(32)}`, /has a fingerprint that is mistyped/],
  ['what ssh-keygen -l prints', `256 ${FINGERPRINT} root@web1 (ED25519)`, /has something else before a fingerprint/],
  ['a fingerprint of a host', `web1 ${FINGERPRINT}`, /has something else before a fingerprint/],
  ['a fingerprint and a name', `${FINGERPRINT} web1`, /has something behind a fingerprint/],
  [
    'an authority',
    `@cert-authority *.example ${ed.type} ${ed.base64}`,
    /is about certificates of hosts, .* cannot check/,
  ],
  ['a certificate', 'web1 ssh-ed25519-cert-v01@openssh.com AAAA', /is about certificates of hosts/],
  ['a marker that does not exist', `@trusted ${GOOD}`, /begins with a marker that does not exist/],
  ['two markers', `@revoked @revoked ${GOOD}`, /begins with what can be no host/],
  ['a revoked fingerprint', `@revoked ${FINGERPRINT}`, /has something else before a fingerprint/],
  [
    'another type than the key has',
    `web1 ssh-ed25519 ${rsa.base64}`,
    /names another type than that of its key, which is `ssh-rsa`/,
  ],
  ['what an RSA key signs with', `web1 rsa-sha2-512 ${rsa.base64}`, /names another type .* `ssh-rsa`/],
  ['a key that is cut off', GOOD.slice(0, -8), /has a key that is mistyped or cut off/],
  ['a key that is cut off within four characters', GOOD.slice(0, -1), /has a key that is mistyped or cut off/],
  [
    'a key that goes on',
    `web1 ssh-ed25519 ${Buffer.concat([ed.blob, Buffer.from('x')]).toString('base64')}`,
    /mistyped/,
  ],
  ['a key that is too short', `web1 ssh-ed25519 ${ofLength(31)}`, /has a key that is mistyped/],
  ['a key that is too long', `web1 ssh-ed25519 ${ofLength(33)}`, /has a key that is mistyped/],
  [
    'a key of a rare type that is cut off',
    `web1 ssh-dss ${dss.blob.subarray(0, -1).toString('base64')}`,
    /has a key that is mistyped/,
  ],
  ['a curve of another name', `web1 ecdsa-sha2-nistp384 ${ec.base64}`, /names another type .* `ecdsa-sha2-nistp256`/],
  ['a key in quotes', `"${GOOD}"`, /has a key that is mistyped/],
  ['a key of SSH 1', 'web1 1024 35 1234567890', /has a key of SSH 1/],
  ['two keys', `${GOOD} web2 ${rsa.type} ${rsa.base64}`, /has several keys: write each on a line of its own/],
  [
    'a port without brackets',
    `web1:2222 ${ed.type} ${ed.base64}`,
    /has a port without brackets: write `\[host\]:port`/,
  ],
  ['a login', `root@web1 ${ed.type} ${ed.base64}`, /begins with what can be no host/],
  ['a host in letters that no host has', `web\u212a1 ${ed.type} ${ed.base64}`, /begins with what can be no host/],
  ['a pattern without end', `${'*'.repeat(2000)} ${ed.type} ${ed.base64}`, /begins with what can be no host/],
  [
    'a hash that is cut off',
    `${hashedName('web1').slice(0, -2)} ${ed.type} ${ed.base64}`,
    /has a hashed host that is mistyped/,
  ],
  [
    'a hash with another behind it',
    `${hashedName('a')},${hashedName('b')} ${ed.type} ${ed.base64}`,
    /has a hashed host/,
  ],
  [
    'a hash with a short salt',
    `${hashedName('web1').replace(/^\|1\|[^|]*/, '|1|AAAA')} ${ed.type} ${ed.base64}`,
    /has a hashed host/,
  ],
  [
    'a hash of another kind',
    `${hashedName('web1').replace('|1|', '|2|')} ${ed.type} ${ed.base64}`,
    /has a hashed host/,
  ],
  ['a page of the web', '<!DOCTYPE html>\n<html>\n<p>Not found', /is HTML, .*: take the raw file/],
  ['a public key in another format', '---- BEGIN SSH2 PUBLIC KEY ----\nAAAA', /begins a key in another format/],
  ['a certificate of TLS', '-----BEGIN CERTIFICATE-----\nMIIB', /begins a key in another format/],
])('%s is refused by the number of its line, and nothing of it is repeated', (_, wrong, problem) => {
  const problems = read(`# servers\n${GOOD}\r\n${wrong}\n`)
  expect(problems).toEqual([expect.stringMatching(problem)])
  expect(problems).toEqual([expect.stringMatching(/^Line 3 of `ssh-known-hosts` [^\n]+\.$/)])
  for (const word of wrong.split(/[\s,|]+/)) if (word.length > 20) expect(`${problems}`).not.toContain(word)
})

test('a private key is recognised in every form, told of once, and not repeated', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const pem = String(privateKey.export({ format: 'pem', type: 'pkcs8' }))
  const openssh = `-----BEGIN OPENSSH PRIVATE KEY-----\n${Buffer.from(`openssh-key-v1\0${'secret'.repeat(40)}`).toString('base64')}\n-----END`
  for (const secret of [
    pem,
    pem.replaceAll('\n', '\r\n'),
    pem.replaceAll('\n', ' '),
    `key: ${pem}`,
    openssh,
    openssh.split('\n')[1] ?? '',
    Buffer.from(openssh).toString('base64'),
    `PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n${'QUJD'.repeat(16)}`,
  ]) {
    expect(read(`${GOOD}\n${secret}`)).toEqual([
      'Line 2 of `ssh-known-hosts` begins a private key. Take it out of here, and replace it on your servers if others can read this setting; a private key belongs into `ssh-key`, and here belongs the public key of the server.',
    ])
  }
  // The middle of one, with neither its first line nor its last.
  const middle = pem.split('\n').slice(3, 6)
  for (const problem of problemsOf(read(middle.join('\n'))))
    expect(middle.some((each) => problem.includes(each))).toBe(false)
})

test('what pins nothing is refused', () => {
  for (const text of ['', '\n\n', '# nothing', `@revoked ${GOOD}`]) {
    expect(read(text)).toEqual([expect.stringMatching(/^`ssh-known-hosts` pins no key, so no server can be told/)])
  }
})

test('everything that is wrong is told at once, but not without end', () => {
  expect(read(`web1\n${GOOD}\nSHA256:`)).toEqual([expect.stringMatching(/^Line 1 /), expect.stringMatching(/^Line 3 /)])
  const many = problemsOf(read('web1\n'.repeat(10_000)))
  expect(many).toHaveLength(21)
  expect(many[20]).toBe('9980 more lines of `ssh-known-hosts` cannot be read.')
})

test('ten thousand lines are read and judged, more are not', () => {
  const many = `${`${hashedName('web2')} ${ed.type} ${ed.base64}\n`.repeat(5000)}${GOOD}\n@revoked ${GOOD}\n`
  expect(judgeHostKey(readPins(many), WEB, ed.blob)).toEqual({ kind: 'revoked', line: 5002 })
  expect(readPins(`${FINGERPRINT}\n`.repeat(10_000)).fingerprints).toHaveLength(10_000)
  const tooLarge = [expect.stringMatching(/^`ssh-known-hosts` is too large/)]
  expect(read(`${FINGERPRINT}\n`.repeat(10_001))).toEqual(tooLarge)
  expect(read('#'.repeat(1_000_001))).toEqual(tooLarge)
  expect(read('#'.repeat(50_000_000))).toEqual(tooLarge)
})

test('patterns and words at which a program could go on for ever', () => {
  const evil = Array(500).fill('*a').join('')
  const lines = Array(700).fill(`${evil} ${ed.type} ${ed.base64}`).join('\n')
  expect(judgeHostKey(readPins(lines), { host: 'a'.repeat(253), port: 22 }, ed.blob)).toEqual({ kind: 'unknown' })
  for (const piece of [
    ' ',
    '\t',
    ',',
    'a',
    'a ',
    '1 ',
    '@',
    '|1|',
    'SHA256:',
    'AAAA',
    'AAAA ',
    'ab:',
    '-----BEGIN ',
    ' #',
    '!*',
  ]) {
    for (const start of ['', 'web1 ', 'SHA256:', `${GOOD} `]) {
      const text = `${start}${piece.repeat(900_000 / piece.length)}`
      const pins = read(text)
      if ('fingerprints' in pins) judgeHostKey(pins, WEB, ed.blob)
      else judge(text)
    }
  }
})

const SEEDS = [
  `# comment\r\n${GOOD} comment\n[web1.example]:2222,*.example,!b ${rsa.type} ${rsa.base64}\n`,
  `${hashedName('web1.example')} ${ec.type} ${ec.base64}\n@revoked * ${rsa.type} ${rsa.base64}\n${FINGERPRINT}, ${FINGERPRINT}=\n`,
]

const edits = fc.array(
  fc.record({
    at: fc.nat(),
    drop: fc.nat({ max: 40 }),
    put: fc.oneof(
      fc.string({ unit: 'binary', maxLength: 4 }),
      fc.constantFrom(
        '\n',
        '\0',
        ' ',
        '\t',
        '|1|',
        '@revoked ',
        'SHA256:',
        '=',
        '-----BEGIN PRIVATE KEY',
        'AAAA',
        '<',
        '*',
        '!',
        ':',
        '\u2028',
      ),
    ),
  }),
  { maxLength: 6 },
)

test('mutated and truncated text is pins or sentences, in little memory', () => {
  const before = process.memoryUsage().arrayBuffers
  fc.assert(
    fc.property(fc.constantFrom(...SEEDS), edits, fc.option(fc.nat()), (seed, changes, end) => {
      const changed = changes.reduce((text, { at, drop, put }) => {
        const place = at % (text.length + 1)
        return text.slice(0, place) + put + text.slice(place + drop)
      }, seed)
      judge(end === null ? changed : changed.slice(0, end % (changed.length + 1)))
    }),
    { numRuns: 3000 },
  )
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024)
})

test('no other key is ever taken for the pinned one', () => {
  const pins = readPins(SEEDS.join('').replace(/^@revoked.*$/m, ''))
  fc.assert(
    fc.property(
      fc.constantFrom(ed, ec, rsa),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      fc.boolean(),
      (key, at, flip, cut) => {
        const place = at % key.blob.length
        const changed = Buffer.from(cut ? key.blob.subarray(0, place) : key.blob)
        if (!cut) changed[place] = (changed[place] ?? 0) ^ flip
        expect(judgeHostKey(pins, WEB, changed)).toMatchObject({ kind: 'other' })
        expect(describeKey(changed).type).toMatch(/^[a-z0-9@.-]+$/)
      },
    ),
    { numRuns: 1000 },
  )
})

function problemsOf(reading: Pins | readonly string[]): readonly string[] {
  return 'fingerprints' in reading ? [] : reading
}

/** A reading is one of two things, whatever was read; all else is a crash. */
function judge(text: string): void {
  const reading = read(text)
  if ('fingerprints' in reading) {
    expect(judgeHostKey(reading, WEB, ed.blob).kind).toMatch(/^(?:pinned|revoked|other|unknown)$/)
    expect(wantedKeyTypes(reading, WEB) ?? ['any']).not.toEqual([])
  } else {
    expect(reading.length).toBeGreaterThan(0)
    expect(reading.length).toBeLessThanOrEqual(21)
    for (const problem of reading) expect(problem).toMatch(/^[^\p{C}]+\.$/u)
  }
}
