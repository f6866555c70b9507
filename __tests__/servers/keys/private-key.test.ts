import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto'
import fc from 'fast-check'
import ssh2 from 'ssh2'
import { expect, test } from 'vitest'
import { Refused } from '../../../src/report/ending.ts'
import { armoured } from '../../../src/servers/keys/armour.ts'
import { readPrivateKey } from '../../../src/servers/keys/private-key.ts'
import { secretsOf } from '../../../src/servers/keys/secrets.ts'
import { wireNumber, wireString } from '../../../src/servers/keys/wire.ts'
import { bodyOf, madeKeys, PASSPHRASE, shownOf } from './made-keys.ts'

const KEYS = madeKeys()
const NAMES = Object.keys(KEYS) as (keyof typeof KEYS)[]

const read = (text: string, passphrase: string = PASSPHRASE) => readPrivateKey({ text, passphrase })
const whyNot = async (text: string, passphrase?: string) => {
  const fault: unknown = await readPrivateKey({ text, passphrase }).catch((thrown: unknown) => thrown)
  expect(fault).toBeInstanceOf(Refused)
  return (fault as Refused).message
}

const onOneLine = (text: string) => text.trim().replace(/\n+/g, ' ')
const base64 = (text: string) => Buffer.from(text).toString('base64')
const eachLine = (change: (line: string) => string) => (text: string) => text.split('\n').map(change).join('\n')

const DISGUISES: Record<string, (text: string) => string> = {
  'as it is': (text) => text,
  'line ends of Windows': (text) => text.replace(/\n/g, '\r\n'),
  'line ends of old Macs': (text) => text.replace(/\n/g, '\r'),
  'no last line end': (text) => text.trimEnd(),
  'empty lines around it': (text) => `\n\n${text}\n\n`,
  'blanks at line ends': eachLine((line) => `${line} \t`),
  'YAML indentation': eachLine((line) => `    ${line}`),
  'a byte order mark': (text) => `\uFEFF${text}`,
  'UTF-16 that was read as UTF-8': (text) => Buffer.from(`\uFEFF${text}`, 'utf16le').toString(),
  'one line': onOneLine,
  'one line with escaped line ends': (text) => text.trim().replace(/\n/g, '\\n'),
  'one line with escaped line ends of Windows': (text) => text.trim().replace(/\n/g, '\\r\\n'),
  'JSON in JSON': (text) => JSON.stringify(JSON.stringify(text)),
  'double quotes': (text) => `"${text}"`,
  'single quotes on one line': (text) => `'${onOneLine(text)}'`,
  'a list of lines': (text) => JSON.stringify(text.trim().split('\n'), undefined, 2),
  base64: base64,
  'base64 in lines, in quotes': (text) => `"${base64(text).replace(/.{76}/g, '$&\n')}"`,
  'base64 of base64': (text) => base64(`${base64(text)}\n`),
  'base64 of UTF-16': (text) => Buffer.from(`\uFEFF${text}`, 'utf16le').toString('base64'),
  'dashes of a word processor': (text) => text.replace(/-----/g, '—–-'),
  'text around it': (text) => `Bag Attributes\n  friendlyName: deploy\n${text}ssh-ed25519 AAAAC3NzaC1lZDI1 somebody\n`,
}

test.each(Object.keys(DISGUISES))('a key of any form is read in the disguise: %s', async (disguise) => {
  for (const name of NAMES) {
    const plain = await read(KEYS[name])
    expect(await read(DISGUISES[disguise]?.(KEYS[name]) ?? ''), name).toEqual(plain)
    expect(ssh2.utils.parseKey(plain.text), name).not.toBeInstanceOf(Error)
  }
})

test('a passphrase that is not needed harms nothing, and a line end behind one that is neither', async () => {
  expect(await read(KEYS['PKCS#1'], 'any')).toEqual(await readPrivateKey({ text: KEYS['PKCS#1'] }))
  for (const name of NAMES) expect(await read(KEYS[name], `${PASSPHRASE}\r\n`)).toEqual(await read(KEYS[name]))
})

test.each(NAMES.filter((name) => name.includes('encrypted')))(
  'a missing passphrase and a wrong one are told apart: %s',
  async (name) => {
    expect(await whyNot(KEYS[name])).toMatch(
      /^`ssh-key` is encrypted, and there is no passphrase: set `ssh-passphrase`/,
    )
    expect(await whyNot(KEYS[name], '')).toContain('there is no passphrase')
    expect(await whyNot(KEYS[name], 'wrong')).toContain('cannot be opened with the passphrase')
  },
)

test('what comes out is read as the same key again', async () => {
  for (const name of NAMES) {
    const key = await read(KEYS[name])
    expect(await readPrivateKey({ text: key.text })).toEqual(key)
    const [, blob = ''] = key.publicLine.split(' ')
    const digest = createHash('sha256').update(Buffer.from(blob, 'base64')).digest('base64').replace(/=+$/, '')
    expect(key.fingerprint).toBe(`SHA256:${digest}`)
  }
})

const PUBLIC = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ6f7mBL1Rj5mXc2v9m6r8bXk1yQ2oGmV2b3c4d5e6f7'
const CERTIFICATE = 'ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29t'

const MISTAKES: readonly (readonly [what: string, text: string, sentence: string])[] = [
  ['nothing', '', 'is empty'],
  ['blanks', ' \r\n\t\uFEFF', 'is empty'],
  ['empty quotes', '""', 'is empty'],
  ['a public key', `${PUBLIC} me@laptop`, 'is the public half of a key'],
  ['a public key without a comment', PUBLIC, 'is the public half of a key'],
  ['two public keys', `# ours\n${PUBLIC} a\n${PUBLIC} b\n`, 'is the public half of a key'],
  ['a line of authorized_keys', `restrict,command="/bin/x" ${PUBLIC}`, 'is the public half of a key'],
  [
    'a public key of hardware',
    'sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9w',
    'is the public half of a key',
  ],
  ['a public key in PEM', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----', 'is the public half of a key'],
  ['a public key in base64', base64(PUBLIC), 'is the public half of a key'],
  ['the public half, exported', '---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----', 'public half'],
  ['a path', '~/.ssh/id_ed25519', 'is the path of a file'],
  ['an absolute path', '/home/me/.ssh/deploy', 'is the path of a file'],
  ['a path of Windows', 'C:\\new\\runner\\id_rsa', 'is the path of a file'],
  ['a relative path', 'keys/deploy.pem', 'is the path of a file'],
  ['a name', 'id_ed25519', 'is the path of a file'],
  ['a path that nobody read', '@./key', 'is the path of a file'],
  [
    'a key of PuTTY',
    'PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n',
    'puttygen <file>.ppk -O private-openssh',
  ],
  ['a key of PuTTY in base64', base64('PuTTY-User-Key-File-2: ssh-rsa\r\nEncryption: none\r\n'), 'puttygen'],
  ['a key of ssh.com', '---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nP2/\n', 'ssh-keygen -i'],
  ['a key of PGP', '-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQ==\n', 'is a key of PGP'],
  ['a certificate', `${CERTIFICATE} me`, 'is a certificate'],
  ['a certificate of a web server', '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----', 'is a certificate'],
  ['a line of known_hosts', `[example.org]:2222,::1 ${PUBLIC}`, 'belongs into `ssh-known-hosts`'],
  ['a hashed line of known_hosts', `|1|abc=|def= ${PUBLIC}`, 'belongs into `ssh-known-hosts`'],
  ['a fingerprint', 'SHA256:uNiVztksCsDhcc0u9e8BrXEe3GQ2Wl1qC1q2mFqp0kI', 'is the fingerprint of a key'],
  ['a web page', '<!DOCTYPE html><html><body>Sign in</body></html>', 'is a web page'],
  ['a variable', '$SSH_KEY', 'is the name of a variable'],
  ['a word', 'hunter2', 'is no private key'],
  [
    'damaged base64',
    `${base64('-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz')}*`,
    'is a key in base64 that was damaged',
  ],
  ['only its first line', '-----BEGIN OPENSSH PRIVATE KEY-----', 'holds only the first line of a key'],
  ['endless text', 'x'.repeat(1 << 20), 'is far too long'],
]

test.each(MISTAKES)('what is no private key is told: %s', async (_, text, sentence) => {
  const message = await whyNot(text)
  expect(message).toContain(sentence)
  expect(message).toMatch(/^`ssh-key` .*\.$/)
})

test('pieces of a key are told apart', async () => {
  const text = KEYS['OpenSSH Ed25519']
  const lines = text.trim().split('\n')
  expect(await whyNot(lines.slice(0, -1).join('\n'))).toContain('the last line')
  expect(await whyNot(lines.slice(1).join('\n'))).toContain('lacks its beginning')
  expect(await whyNot(lines.slice(1, -1).join('\n'))).toContain('lacks its first and its last line')
  expect(await whyNot(bodyOf(KEYS['PKCS#8 encrypted']))).toContain('lacks its first and its last line')
  expect(await whyNot(lines.toSpliced(2, 1).join('\n'))).toContain('is damaged')
  expect(await whyNot(lines.toSpliced(1, 1, '****').join('\n'))).toContain('a masked copy')
  expect(await whyNot(text + text)).toContain('holds 2 private keys')
  expect(await whyNot(text + KEYS.SEC1)).toContain('holds 2 private keys')
  expect(await whyNot([lines[0], lines.at(-1)].join('\n'))).toContain('is damaged')
})

test('the setting that it came from is named', async () => {
  await expect(readPrivateKey({ text: '', setting: 'jump-key' })).rejects.toThrow('`jump-key` is empty')
})

/** OpenSSH's format up to where the secret begins. */
function headOnly(type: string, { cipher = 'none', rounds = 0, keys = 1 } = {}): string {
  const derivation = rounds === 0 ? '' : Buffer.concat([wireString('0123456789abcdef'), wireNumber(rounds)])
  const strings = [cipher, rounds === 0 ? 'none' : 'bcrypt', derivation].map(wireString)
  const halves = [wireString(wireString(type)), wireString('x'.repeat(64))]
  const bytes = Buffer.concat([Buffer.from('openssh-key-v1\0'), ...strings, wireNumber(keys), ...halves])
  return armoured({ label: 'OPENSSH PRIVATE KEY', encryption: undefined, bytes })
}

test('keys that nobody can use here are told, before a passphrase is asked for', async () => {
  const encrypted = { cipher: 'aes256-ctr', rounds: 16 }
  expect(await whyNot(headOnly('sk-ssh-ed25519@openssh.com', encrypted))).toContain('a security key (FIDO)')
  expect(await whyNot(headOnly('sk-ecdsa-sha2-nistp256@openssh.com'))).toContain('a security key (FIDO)')
  expect(await whyNot(headOnly('ssh-dss', encrypted))).toContain('is a DSA key')
  expect(await whyNot(headOnly('ssh-xmss@openssh.com'))).toContain('is of a kind')
  expect(await whyNot(headOnly('ssh-ed25519', { ...encrypted, cipher: 'chacha20-poly1305@openssh.com' }))).toContain(
    '-Z aes256-ctr',
  )
  expect(await whyNot(headOnly('ssh-ed25519', { keys: 0 }))).toContain('is damaged')
  expect(await whyNot(headOnly('ssh-ed25519', { keys: 2 ** 32 - 1 }))).toContain('is damaged')
  const old = KEYS['PKCS#1 encrypted'].replace(/DEK-Info: .*/, 'DEK-Info: DES-CBC,0123456789ABCDEF')
  expect(await whyNot(old, PASSPHRASE)).toContain('with a cipher that cannot be read here')

  const dsa = pkcs8(generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 }))
  expect(await whyNot(dsa)).toContain('is a DSA key')
  expect(await whyNot(dsa.replaceAll('PRIVATE', 'DSA PRIVATE'))).toContain('is a DSA key')
  const small = pkcs8(generateKeyPairSync('rsa', { modulusLength: 1016 }))
  expect(await whyNot(small)).toContain('is an RSA key of only 1016 bits')
  const others = [
    generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
    generateKeyPairSync('ed448'),
    generateKeyPairSync('x25519'),
    generateKeyPairSync('rsa-pss', { modulusLength: 1024 }),
  ]
  for (const other of others) expect(await whyNot(pkcs8(other))).toContain('is of a kind')
})

const pkcs8 = ({ privateKey }: { privateKey: KeyObject }) =>
  privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

test('a key that would take ages to open is refused at once', async () => {
  const slow = headOnly('ssh-ed25519', { cipher: 'aes256-ctr', rounds: 2 ** 32 - 1 })
  expect(await whyNot(slow, PASSPHRASE)).toContain('takes too long to open')
  const text = KEYS['PKCS#8 encrypted']
  const bytes = Buffer.from(bodyOf(text), 'base64')
  // Two bytes of rounds, behind the salt; with four of them every length around grows by two.
  const at = bytes.indexOf(Buffer.from('0202', 'hex'), 30)
  const patched = Buffer.concat([bytes.subarray(0, at), Buffer.from('02047fffffff', 'hex'), bytes.subarray(at + 4)])
  patched.writeUInt16BE(patched.readUInt16BE(2) + 2, 2)
  for (const length of enclosing(patched, at)) patched[length] = (patched[length] ?? 0) + 2
  const label = 'ENCRYPTED PRIVATE KEY'
  expect(await whyNot(armoured({ label, encryption: undefined, bytes: patched }), PASSPHRASE)).toContain('too long')
})

/** Where the short lengths stand of the sequences around a place. */
function enclosing(bytes: Buffer, place: number): number[] {
  const found: number[] = []
  for (let at = 4; at < place; at++) {
    const end = at + 2 + (bytes[at + 1] ?? 0)
    if (bytes[at] !== 0x30 || end <= place) continue
    found.push(at + 1)
  }
  return found
}

test('halves that do not belong together are damage', async () => {
  const [one, other] = [madeKeys(), madeKeys()].map((keys) => Buffer.from(bodyOf(keys.SEC1), 'base64'))
  const point = 97
  const mixed = Buffer.concat(
    [one?.subarray(0, -point) ?? '', other?.subarray(-point) ?? ''].map((part) => Buffer.from(part)),
  )
  const bytes = { label: 'EC PRIVATE KEY', encryption: undefined, bytes: mixed }
  expect(await whyNot(armoured(bytes))).toContain('is damaged')
})

/** A piece of the text is replaced, left out or doubled. */
const change = fc.record({
  at: fc.nat(999),
  cut: fc.oneof(fc.nat(3), fc.nat(3), fc.nat(80)),
  by: fc.oneof(
    fc.string({ maxLength: 4 }),
    fc.constantFrom('A', '/', '=', '\n', '-----', '-----END OPENSSH PRIVATE KEY-----'),
  ),
})
const applied = (text: string, changes: readonly { at: number; cut: number; by: string }[]) =>
  changes.reduce((changed, { at, cut, by }) => {
    const place = Math.floor((at / 1000) * changed.length)
    return changed.slice(0, place) + by + changed.slice(place + cut)
  }, text)

test.each(NAMES)('a changed or cut key is a key or a sentence, which shows nothing of it: %s', async (name) => {
  const text = KEYS[name]
  // Changed rounds of bcrypt may be honest ones, and slow.
  const passphrase = name === 'OpenSSH encrypted' ? undefined : PASSPHRASE
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 3 }), fc.boolean(), async (changes, encoded) => {
      const changed = applied(encoded ? base64(text) : text, changes)
      await keyOrSentence(changed, passphrase, bodyOf(text) + base64(text) + changed + PASSPHRASE)
    }),
    { numRuns: 150 },
  )
})

test('a key that is cut anywhere is a sentence, with its passphrase too', async () => {
  const text = KEYS['OpenSSH encrypted']
  for (let length = 0; length < text.length - 30; length += 7) {
    const cut = text.slice(0, length)
    await keyOrSentence(cut, PASSPHRASE, bodyOf(text) + PASSPHRASE)
    await keyOrSentence(`${cut}\n-----END OPENSSH PRIVATE KEY-----`, undefined, bodyOf(text) + PASSPHRASE)
  }
})

test('any text at all is a sentence', async () => {
  const unit = fc.constantFrom(
    '-----',
    'BEGIN ',
    'END ',
    'PRIVATE KEY',
    'OPENSSH ',
    'MII',
    'A',
    '=',
    '\n',
    ' ',
    '\\n',
    'ssh-rsa ',
  )
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), fc.string({ unit }), fc.base64String()), async (text) => {
      await keyOrSentence(text, PASSPHRASE, PASSPHRASE)
    }),
    { numRuns: 300 },
  )
})

test('text that is made to be slow is not', async () => {
  const pieces = [
    '-',
    '-----BEGIN ',
    'BEGIN ',
    ' ',
    'ssh-rsa ',
    ' sk-ssh-',
    '\\',
    '\\\n',
    'A',
    '\n',
    '"',
    '$',
    '0',
    '—',
    'Proc-Type: ',
  ]
  for (const piece of pieces) {
    const text = piece.repeat(Math.floor(120_000 / piece.length))
    const [begin, end] = ['-----BEGIN PRIVATE KEY-----', '-----END PRIVATE KEY-----']
    for (const slow of [text, `${text}x`, `${begin}x${text}x${end}`, `${begin}\n${text}\n${end}`]) {
      await keyOrSentence(slow, PASSPHRASE, PASSPHRASE)
      secretsOf(slow)
    }
  }
})

async function keyOrSentence(text: string, passphrase: string | undefined, secret: string) {
  const result = await readPrivateKey({ text, passphrase }).catch((thrown: unknown) => thrown)
  if (!(result instanceof Error)) return
  expect(result).toBeInstanceOf(Refused)
  expect(result.cause).toBeUndefined()
  const ours = result.message.match(/-----(BEGIN|END) … PRIVATE KEY-----/g) ?? []
  const shown = shownOf(
    secret,
    ours.reduce((message, known) => message.replace(known, ''), result.message),
  )
  expect(shown).toBeUndefined()
}

test.each(NAMES)('whatever stands for the secret is told, in every disguise: %s', (name) => {
  const text = KEYS[name]
  const body = bodyOf(text.replace(/^(Proc-Type|DEK-Info).*$/gm, ''))
  const lines = text.split('\n').filter((line) => line.length >= 16 && !/^-----|^Proc-Type/.test(line))
  for (const [disguise, change] of Object.entries(DISGUISES)) {
    const given = change(text)
    const secrets = secretsOf(given, `${PASSPHRASE}\n`)
    expect(secrets, disguise).toEqual(expect.arrayContaining([given.trim(), PASSPHRASE, body]))
    // What remains of a given or a plain text, once it was masked, is too short to be of use.
    for (const whole of [given, text, lines.join(' '), lines.join('\\n')]) {
      const masked = secrets
        .toSorted((a, b) => b.length - a.length)
        .reduce((rest, secret) => rest.replaceAll(secret, '*'), whole)
      expect(bodyLeft(masked, body), disguise).toBe('')
    }
    expect(secrets.some((secret) => secret.length < 16)).toBe(false)
  }
})

/** Pieces of 16 characters and more that a masked text still shows. */
function bodyLeft(masked: string, body: string): string {
  return masked
    .split(/[^A-Za-z0-9+/=]+/)
    .filter((word) => word.length >= 16 && body.includes(word))
    .join(' ')
}

test('what is no key is a secret all the same', () => {
  expect(secretsOf('hunter2', 'pw')).toEqual(expect.arrayContaining(['hunter2', 'pw']))
  expect(secretsOf('', '')).toEqual([])
  expect(secretsOf(' \n')).toEqual([])
})
