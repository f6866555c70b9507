import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { onPath } from '../../../src/process/on-path.ts'
import { describeKey, judgeHostKey, knownHostsLine, type Place, readPins } from '../../../src/servers/pins/pins.ts'
import { removeFolder } from '../../remove-folder.ts'
import { madeKey } from '../../servers/pins/made-key.ts'
import { need } from '../ground/need.ts'
import { debianPackages, whyNoDebianRoot } from '../ground/packages.ts'

const hasKeygen = () => onPath('ssh-keygen', process.env) !== undefined

beforeAll(async () => {
  if (!hasKeygen() && whyNoDebianRoot() === undefined) await debianPackages('openssh-client')
})
beforeEach((context) => need(context, 'ssh-keygen', hasKeygen() ? undefined : 'there is no ssh-keygen'))

const folder = mkdtempSync(join(tmpdir(), 'rust-deploy-pins-'))
afterAll(() => removeFolder(folder))
const file = join(folder, 'known_hosts')

function keygen(...args: string[]): string {
  const { stdout, stderr, error, status } = spawnSync('ssh-keygen', args, { encoding: 'utf8' })
  if (error !== undefined) throw error
  // It ends with 1 where it found nothing.
  if (status !== 0 && !args.includes('-F')) throw new Error(`ssh-keygen ${args.join(' ')}: ${stderr}`)
  return stdout
}

/** The keys of the lines that OpenSSH finds for a name. */
function foundBy(name: string): Set<string> {
  const lines = keygen('-F', name, '-f', file)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  return new Set(lines.map((line) => /AAAA\S*/.exec(line)?.[0] ?? line))
}

const TYPES: [string, string, string][] = [
  ['ed25519', '256', 'ssh-ed25519'],
  ['ecdsa', '256', 'ecdsa-sha2-nistp256'],
  ['ecdsa', '384', 'ecdsa-sha2-nistp384'],
  ['ecdsa', '521', 'ecdsa-sha2-nistp521'],
  ['rsa', '2048', 'ssh-rsa'],
]

test.each(TYPES)('a key that ssh-keygen made: %s of %s bits', (type, bits, name) => {
  const path = join(folder, `${type}-${bits}`)
  keygen('-q', '-t', type, '-b', bits, '-N', '', '-C', 'root@web1', '-f', path)
  const line = readFileSync(`${path}.pub`, 'utf8')
  const key = Buffer.from(line.split(' ')[1] ?? '', 'base64')
  const fingerprint = keygen('-l', '-f', `${path}.pub`).split(' ')[1]
  expect(describeKey(key)).toEqual({ type: name, fingerprint })

  for (const place of [
    { host: 'web1.example', port: 22 },
    { host: '::1', port: 22 },
    { host: 'fe80::1%eth0', port: 2222 },
  ]) {
    const pinned = knownHostsLine(place, key)
    writeFileSync(file, `${pinned}\n`)
    expect(foundBy(writtenOut(place))).toEqual(new Set([key.toString('base64')]))
    keygen('-q', '-H', '-f', file)
    const hashed = readFileSync(file, 'utf8')
    expect(hashed).toMatch(/^\|1\|/)
    for (const text of [pinned, hashed, String(fingerprint)]) {
      expect(judgeHostKey(readPins(text), place, key)).toEqual({ kind: 'pinned' })
    }
    expect(judgeHostKey(readPins(hashed), { ...place, port: 2022 }, key)).toEqual({ kind: 'unknown' })
  }

  const secret = readFileSync(path, 'utf8')
  expect(() => readPins(secret)).toThrow(/^Line 1 of `ssh-known-hosts` begins a private key\.[^\n]*$/)
  expect(() => readPins(line)).toThrow(/is a key without a host/)
  expect(() => readPins(keygen('-l', '-f', `${path}.pub`))).toThrow(/has something else before a fingerprint/)
  expect(() => readPins(keygen('-l', '-E', 'md5', '-f', `${path}.pub`))).toThrow(/has an MD5 fingerprint/)
  expect(() => readPins(keygen('-e', '-f', `${path}.pub`))).toThrow(/begins a key in another format/)
})

test.each([
  'web1.example',
  'WEB1.Example',
  'web2,web1.example',
  'web1.example,',
  ',web1.example',
  '*',
  '**',
  '*.example',
  'web?.example',
  'web1.example?',
  '*web1.example*',
  '*?',
  'web1',
  'web1.example.',
  '[web1.example]:2222',
  '[WEB1.example]:2222',
  '[*]:2222',
  '[*.example]:*',
  '[web1.example]:22??',
  '[web1.example]',
  '!web1.example',
  '!web2',
  '*,!web1.example',
  '!web1.example,*',
  '*,!WEB1.EXAMPLE',
  '*,!web2',
  '*,![web1.example]:2222',
  '!!web1.example',
  '!',
  '!*,*',
  '::1',
  '[::1]:2222',
  '*:*',
  '?::1',
  '10.0.0.*',
  '10.0.0.7,web1.example',
])('ssh-keygen and we find the same with: %s', (hosts) => {
  agreeOn([{ hosts, mark: '' }])
})

const piece = fc.constantFrom('a', 'b', 'B', '*', '?', '.', '1', 'ab', '[a', ']:22', ':2', ':', '::', '!')
const pattern = fc
  .array(piece, { minLength: 1, maxLength: 5 })
  .map((pieces) => pieces.join(''))
  // A port without brackets is refused here, where OpenSSH compares what no host is called.
  .filter((text) => !/^!?[^:[\]]*:\d*$/.test(text) && !text.startsWith('|'))
const names = fc.oneof(
  pattern,
  fc.constantFrom('a', 'ab', 'a.b', '[a]:22', '[a]:2', '!a', '!ab', '![a]:22', '![a]:2', '[a.b]:2', '::1', '1.1'),
)
const line = fc.record({
  hosts: fc.array(names, { minLength: 1, maxLength: 4 }).map((all) => all.join(',')),
  mark: fc.constantFrom('', '', '', '@revoked '),
})

test('and with any file, as it is and hashed', () => {
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 12 }), fc.boolean(), (lines, isHashed) =>
      agreeOn(lines, isHashed, [
        { host: 'a', port: 22 },
        { host: 'a', port: 2 },
        { host: 'a.b', port: 2 },
        { host: '::1', port: 22 },
      ]),
    ),
    { numRuns: 100 },
  )
})

const PLACES = ['web1.example', '::1', '10.0.0.7'].flatMap((host) => [
  { host, port: 22 },
  { host, port: 2222 },
])

type Line = { hosts: string; mark: string }

/** Each line has a key of its own: it is about a place if that key is judged by it there. */
function agreeOn(lines: readonly Line[], isHashed = false, places: readonly Place[] = PLACES): void {
  const keys = lines.map((line, index) => {
    const { type, blob, base64 } = madeKey('ssh-ed25519', Buffer.alloc(32, index + 1))
    return { ...line, blob, base64, text: `${line.mark}${line.hosts} ${type} ${base64}` }
  })
  // A file that only revokes pins nothing.
  const pin = `other.example ssh-ed25519 ${madeKey('ssh-ed25519', Buffer.alloc(32)).base64}`
  writeFileSync(file, `${[...keys.map(({ text }) => text), pin].join('\n')}\n`)
  if (isHashed) keygen('-q', '-H', '-f', file)
  const pins = readPins(readFileSync(file, 'utf8'))
  for (const place of places) {
    const short = foundBy(writtenOut(place))
    // Where we read a line about port 22 in both forms, OpenSSH reads it only in the short one.
    const long = place.port === 22 ? foundBy(`[${place.host}]:22`) : short
    for (const { text, mark, hosts, blob, base64 } of keys) {
      const { kind } = judgeHostKey(pins, place, blob)
      const isAbout = kind === (mark === '' ? 'pinned' : 'revoked')
      // A negation of one form speaks against the line in the other too.
      if (short.has(base64) !== long.has(base64) && hosts.includes('!')) continue
      expect([text, place, isAbout]).toEqual([text, place, short.has(base64) || long.has(base64)])
    }
  }
}

function writtenOut({ host, port }: Place): string {
  return port === 22 ? host : `[${host}]:${port}`
}
