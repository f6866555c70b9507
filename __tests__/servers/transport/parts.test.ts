import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Tail } from '../../../src/servers/protocol/tail.ts'
import { foreignText } from '../../../src/servers/transport/foreign-text.ts'
import { type Hop, nameOf } from '../../../src/servers/transport/hop.ts'
import { describeKey } from '../../../src/servers/transport/host-key.ts'
import { MOST_ATTEMPTS, pauseAfter } from '../../../src/servers/transport/patience.ts'
import { type Seen, troubleOf } from '../../../src/servers/transport/trouble.ts'
import { orAborted, TimeOver, within } from '../../../src/servers/transport/within.ts'

const PLACE = { alias: 'web1', user: 'deploy', host: '2001:db8::1', port: 2222 }
const HOP: Hop = {
  place: PLACE,
  login: { kind: 'key', text: '', fingerprint: 'SHA256:mine' },
  judgeHostKey: () => ({ kind: 'pinned' }),
}
const NAME = 'web1 (deploy@[2001:db8::1]:2222)'

function trouble(seen: Partial<Seen>, error: object = {}, hop: Hop = HOP) {
  const whole = Object.assign(new Error('broken'), error)
  return troubleOf(hop, { stage: 'reaching', heard: '', banner: '', ...seen }, whole)
}

test('a place is called by its alias, and by its address only where that is its alias', () => {
  expect(nameOf(PLACE)).toBe(NAME)
  expect(nameOf({ ...PLACE, alias: 'a.example', host: 'a.example', port: 22 })).toBe('deploy@a.example:22')
})

test.each([
  ['ENOTFOUND', /does not resolve/, true],
  ['EAI_AGAIN', /does not resolve/, true],
  ['ECONNREFUSED', /nothing listens there/, true],
  ['ENETUNREACH', /no route from this machine/, true],
  ['EHOSTUNREACH', /no route from this machine/, true],
  ['ETIMEDOUT', /did not answer$/, true],
  ['EACCES', /cannot be reached: broken/, true],
] as const)('%s of the network is told', (code, what, mayPass) => {
  const told = trouble({}, { code })
  expect(told.what).toMatch(what)
  expect(told.mayPass).toBe(mayPass)
})

test.each<[string, Partial<Seen>, object, RegExp, boolean]>([
  ['too many logins', { stage: 'greeting', heard: 'Exceeded MaxStartups\r\n' }, {}, /too many logins/, true],
  ['a penalty', { stage: 'greeting', heard: 'Not allowed at this time\r\n' }, {}, /lets this machine wait/, false],
  ['a closed door', { stage: 'greeting' }, {}, /closed the connection before it said a word/, true],
  ['a broken exchange', { stage: 'exchanging' }, { level: 'client-socket' }, /key exchange .* failed: broken/, true],
  ['a bad signature', { stage: 'exchanging' }, { level: 'handshake' }, /key exchange .* failed: broken/, false],
  ['a broken login', { stage: 'logging in' }, { level: 'client-socket' }, /broke off the login of deploy/, false],
  [
    'a second factor',
    { stage: 'logging in', accepted: ['password'], isPartial: true },
    {},
    /but wants password/,
    false,
  ],
  ['no way in', { stage: 'logging in', accepted: [] }, {}, /it still accepts nothing/, false],
])('%s is told', (_name, seen, error, what, mayPass) => {
  const told = trouble(seen, error)
  expect(told.what).toMatch(what)
  expect(told.mayPass).toBe(mayPass)
})

test.each([
  [1, /administratively prohibited/, false],
  [2, /does not reach web1/, true],
  [4, /opened no way to web1/, false],
] as const)('a jump host that opens no way, for reason %i, is told', (reason, what, mayPass) => {
  const told = trouble({}, { reason }, { ...HOP, jump: { ...HOP, place: { ...PLACE, alias: 'gate' } } })
  expect(told.what).toMatch(what)
  expect(told.what).toContain('gate (deploy@')
  expect(told.mayPass).toBe(mayPass)
})

test('what a server says in a banner is told on one line, without what a terminal would obey', () => {
  const told = trouble({
    stage: 'logging in',
    accepted: ['publickey'],
    banner: '\x1b]0;evil\x07Closed\nuntil \x9b2Jnoon',
  })
  expect(told.what).toBe(
    `${NAME} does not let deploy in with the key SHA256:mine; it still accepts publickey. It said: "Closed until noon"`,
  )
})

test('text of others is short and has no control characters, whatever it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 1000 }), (text) => {
      const told = foreignText(text)
      expect(told).not.toMatch(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/)
      expect(told.length).toBeLessThanOrEqual(301)
    }),
  )
})

test('a host key is described as ssh-keygen does, and anything else does no harm', () => {
  const { publicKey } = generateKeyPairSync('ed25519')
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
  const sized = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes])
  const blob = Buffer.concat([sized(Buffer.from('ssh-ed25519')), sized(raw)])
  expect(describeKey(blob)).toMatch(/^ssh-ed25519 SHA256:[\w+/]{43}$/)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(describeKey(Buffer.from(bytes))).toMatch(/^(of no known type|[\w@.-]+) SHA256:[\w+/]{43}$/)
    }),
  )
})

test('pauses grow, differ, and end', () => {
  const least = Array.from({ length: MOST_ATTEMPTS - 1 }, (_, index) => pauseAfter(index + 1, () => 0))
  const most = Array.from({ length: MOST_ATTEMPTS - 1 }, (_, index) => pauseAfter(index + 1, () => 1))
  expect(least).toEqual([250, 500, 1000, 2000])
  expect(most).toEqual([500, 1000, 2000, 4000])
})

test('a tail is the end of all that came, in any pieces', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme-ascii', maxLength: 30 })), (pieces) => {
      const tail = new Tail(20)
      for (const piece of pieces) tail.take(Buffer.from(piece))
      expect(tail.text).toBe(pieces.join('').slice(-20))
    }),
  )
})

test('a limit ends its work, a signal too, and neither leaves anything behind', async () => {
  const never = (signal: AbortSignal) => orAborted(new Promise<never>(() => {}), signal)
  await expect(within(10, new AbortController().signal, never)).rejects.toThrow(TimeOver)
  const controller = new AbortController()
  const waiting = within(60_000, controller.signal, never)
  controller.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
  await expect(within(60_000, controller.signal, async () => 'late')).rejects.toThrow('enough')
  expect(await within(60_000, new AbortController().signal, async () => 'done')).toBe('done')
})
