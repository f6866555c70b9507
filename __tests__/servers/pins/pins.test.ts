import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { describeKey, judgeHostKey, knownHostsLine, readPins, wantedKeyTypes } from '../../../src/servers/pins/pins.ts'
import { hashedName, type MadeKey, madeEcdsa, madeEd25519, madeKey, madeRsa } from './made-key.ts'

const ed = madeEd25519()
const other = madeEd25519()
const ec = madeEcdsa()
const rsa = madeRsa()

const WEB = { host: 'web1.example', port: 22 }

const line = (hosts: string, key: MadeKey) => `${hosts} ${key.type} ${key.base64}`
const fingerprint = (key: MadeKey) => describeKey(key.blob).fingerprint
const judged = (text: string, key = ed, place = WEB) => judgeHostKey(readPins(text), place, key.blob)

test('a key is pinned, another one is not, and a server that no line is about is unknown', () => {
  expect(judged(line('web1.example', ed))).toEqual({ kind: 'pinned' })
  expect(judged(line('web1.example', ed), other)).toEqual({ kind: 'other', pinned: [fingerprint(ed)] })
  expect(judged(line('web2.example', ed))).toEqual({ kind: 'unknown' })
  expect(judged(line('web1', ed))).toEqual({ kind: 'unknown' })
})

test.each([
  ['web1.example', 'web1.example', 22, true],
  ['a list', 'web2,web1.example,10.0.0.7', 22, true],
  ['an empty part of a list', 'web2,,web1.example,', 22, true],
  ['capital letters', 'WEB1.Example', 22, true],
  ['the port that is meant anyway', '[web1.example]:22', 22, true],
  ['another port', '[web1.example]:2222', 22, false],
  ['that other port', '[web1.example]:2222', 2222, true],
  ['a line without the port that is asked for', 'web1.example', 2222, false],
  ['*', '*', 22, true],
  ['* for another port', '*', 2222, true],
  ['a pattern', '*.example', 22, true],
  ['a pattern of which the host is the middle', '*eb1*exam*', 22, true],
  ['a pattern that ends too early', '*.exampl', 22, false],
  ['* for nothing', 'web1.example**', 22, true],
  ['?', 'web?.example', 22, true],
  ['? for nothing', 'web1.example?', 22, false],
  ['a pattern for the port', '[*.example]:2???', 2222, true],
  ['a negation', '*.example,!web1.example', 22, false],
  ['a negation before what it is about', '!web1.example,*.example', 22, false],
  ['a negation of others', '*.example,!web2.example', 22, true],
  ['a negation in the long form', '*.example,![web1.example]:22', 22, false],
  ['a negation alone', '!web2.example', 22, false],
  ['a dot, which stands for itself', 'web1xexample', 22, false],
  ['a hash', hashedName('web1.example'), 22, true],
  ['a hash of the long form', hashedName('[web1.example]:22'), 22, true],
  ['a hash of another', hashedName('web2.example'), 22, false],
  ['a hash without the port that is asked for', hashedName('web1.example'), 2222, false],
  ['a hash with the port', hashedName('[web1.example]:2222'), 2222, true],
  ['a hash behind a host, where it is none', `web2,${hashedName('web1.example').replaceAll('/', '+')}`, 22, false],
])('which host a line is about: %s', (_, hosts, port, isAbout) => {
  const expected = { kind: isAbout ? 'pinned' : 'unknown' }
  expect(judged(line(hosts, ed), ed, { host: 'web1.example', port })).toEqual(expected)
  expect(judged(line(hosts, ed), ed, { host: 'Web1.EXAMPLE', port })).toEqual(expected)
})

test('addresses are hosts like others', () => {
  for (const host of ['10.0.0.7', '::1', 'fe80::1%eth0']) {
    expect(judged(line(host, ed), ed, { host, port: 22 })).toEqual({ kind: 'pinned' })
    expect(judged(line(`[${host}]:2222`, ed), ed, { host, port: 2222 })).toEqual({ kind: 'pinned' })
    expect(judged(line(hashedName(`[${host}]:2222`), ed), ed, { host, port: 2222 })).toEqual({ kind: 'pinned' })
  }
})

test('every line about a host counts, not only the first', () => {
  const text = [line('web1.example', other), line('*', rsa), line(hashedName('web1.example'), ed)].join('\n')
  for (const key of [other, rsa, ed]) expect(judged(text, key)).toEqual({ kind: 'pinned' })
  const twice = `${text}\n${text}\n${fingerprint(rsa)}`
  expect(judged(twice, ec)).toEqual({ kind: 'other', pinned: [other, rsa, ed].map(fingerprint) })
})

test('a fingerprint is good for every host', () => {
  const [first, second] = [fingerprint(ed), fingerprint(rsa)]
  for (const text of [
    first,
    `${first}=`,
    first.replace('SHA', 'sha'),
    `${second}, ${first}`,
    `${second} ${first},`,
    `${second}\r\n${first}\r\n`,
    `${first} # web1`,
    `${line('web2', other)}\n${first}`,
  ]) {
    expect(judged(text)).toEqual({ kind: 'pinned' })
    expect(judged(text, ed, { host: '::1', port: 2222 })).toEqual({ kind: 'pinned' })
    expect(judged(text, other)).toMatchObject({ kind: 'other', pinned: expect.arrayContaining([first]) })
  }
})

test('a revoked key is revoked, whatever else pins it', () => {
  const text = [line('web1.example', ed), fingerprint(ed), `@revoked\t${line('*.example', ed)}`, line('*', rsa)].join(
    '\n',
  )
  expect(judged(text)).toEqual({ kind: 'revoked', line: 3 })
  expect(judged(text, rsa)).toEqual({ kind: 'pinned' })
  expect(judged(text, ed, { host: 'web1.other', port: 22 })).toEqual({ kind: 'pinned' })
  expect(judged(`${line('*', ed)}\n@revoked ${line('*', ed)}\n${line('*', rsa)}`, other)).toEqual({
    kind: 'other',
    pinned: [fingerprint(rsa)],
  })
  expect(judged(`${line('web2', ed)}\n@revoked ${line('*', ed)}`, other)).toEqual({ kind: 'unknown' })
})

test('a server is asked for a type of key that is pinned', () => {
  const wanted = (text: string, place = WEB) => wantedKeyTypes(readPins(text), place)
  expect(wanted(line('web1.example', rsa))).toEqual(['rsa-sha2-512', 'rsa-sha2-256'])
  expect(wanted([rsa, other, ec, ed].map((key) => line('*', key)).join('\n'))).toEqual([
    'ssh-ed25519',
    'ecdsa-sha2-nistp256',
    'rsa-sha2-512',
    'rsa-sha2-256',
  ])
  expect(wanted(`${line('web1.example', ec)}\n${line('web2', ed)}`)).toEqual(['ecdsa-sha2-nistp256'])
  expect(wanted(`${line('*', ec)}\n${line('*', ed)}\n@revoked ${line('web1*', ed)}`)).toEqual(['ecdsa-sha2-nistp256'])
  expect(wanted(line('web2', ed))).toBeUndefined()
  expect(wanted(fingerprint(ed))).toBeUndefined()
  // The fingerprint may be that of a key of any type.
  expect(wanted(`${line('*', rsa)}\n${fingerprint(ed)}`)).toEqual([
    'rsa-sha2-512',
    'rsa-sha2-256',
    'ssh-ed25519',
    'ecdsa-sha2-nistp256',
    'ecdsa-sha2-nistp384',
    'ecdsa-sha2-nistp521',
  ])
  // Types that no connection is made with are pins nevertheless.
  const dss = madeKey('ssh-dss', ...[1, 2, 3, 4].map((n) => Buffer.from([n])))
  expect(wanted(line('*', dss))).toBeUndefined()
  expect(judged(line('*', dss))).toEqual({ kind: 'other', pinned: [fingerprint(dss)] })
})

test('comments, empty lines, ends of lines and blanks are as they come', () => {
  const text = `\ufeff# web1.example:22 SSH-2.0-OpenSSH_9.2p1\r\n\r\n  \t${line('web1.example', ed).replaceAll(' ', ' \t ')} root@web1 # a comment\r\n\n`
  expect(judged(text)).toEqual({ kind: 'pinned' })
})

test('what a key is, and the line that pins it', () => {
  expect(describeKey(rsa.blob)).toEqual({
    type: 'ssh-rsa',
    fingerprint: `SHA256:${createHash('sha256').update(rsa.blob).digest('base64').slice(0, 43)}`,
  })
  for (const blob of [Buffer.alloc(0), ed.blob.subarray(0, -1), Buffer.from('\0\0\0\x04\x1b[2J\0\0\0\0', 'latin1')]) {
    expect(describeKey(blob)).toEqual({ type: 'unknown', fingerprint: expect.stringMatching(/^SHA256:[\w+/]{43}$/) })
  }
  expect(knownHostsLine({ host: 'Web1.example', port: 22 }, ed.blob)).toBe(line('web1.example', ed))
  expect(knownHostsLine({ host: '::1', port: 2222 }, ed.blob)).toBe(line('[::1]:2222', ed))
  for (const place of [WEB, { host: 'fe80::1%eth0', port: 22 }, { host: '::1', port: 2222 }]) {
    for (const key of [ed, ec, rsa]) {
      expect(judged(knownHostsLine(place, key.blob), key, place)).toEqual({ kind: 'pinned' })
    }
  }
})
