import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Maker, readReleaseId, releaseId } from '../../../src/servers/release/id.ts'

const TIME = new Date('2026-11-21T07:47:00.999Z')
const COMMIT = '0123456789abcdef0123456789abcdef01234567'
const RUN: Maker = { kind: 'run', run: '19482', attempt: 2 }

test('an id tells when, from which commit and by whom', () => {
  const id = releaseId({ time: TIME, commit: COMMIT, maker: RUN })
  expect(id).toBe('20261121T074700Z-0123456789ab-19482.2')
  expect(readReleaseId(id)).toEqual({
    id,
    time: new Date('2026-11-21T07:47:00Z'),
    commit: '0123456789ab',
    maker: RUN,
  })
})

test('without a repository and a workflow there are words for both', () => {
  const maker: Maker = { kind: 'local', random: '00a1f9' }
  const id = releaseId({ time: TIME, commit: undefined, maker })
  expect(id).toBe('20261121T074700Z-nogit-local.00a1f9')
  expect(readReleaseId(id)).toMatchObject({ commit: undefined, maker })
})

const makers = fc.oneof(
  fc.record({
    kind: fc.constant('run' as const),
    run: fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }).map(String),
    attempt: fc.integer({ min: 1, max: 99_999 }),
  }),
  fc.record({ kind: fc.constant('local' as const), random: fc.stringMatching(/^[0-9a-f]{6}$/) }),
)
const parts = fc.record({
  time: fc.date({ min: new Date('0000-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true }),
  commit: fc.option(fc.stringMatching(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/), { nil: undefined }),
  maker: makers,
})

test('every id is a plain name of a folder, is read back, and sorts by time as text', () => {
  fc.assert(
    fc.property(parts, parts, (one, other) => {
      const [id, otherId] = [releaseId(one), releaseId(other)]
      expect(id).toMatch(/^[0-9A-Za-z.-]{1,80}$/)
      const read = readReleaseId(id)
      expect(read?.commit).toBe(one.commit?.slice(0, 12))
      expect(read?.maker).toEqual(one.maker)
      const second = (time: Date) => Math.floor(time.getTime() / 1000)
      expect(read && second(read.time)).toBe(second(one.time))
      if (second(one.time) < second(other.time)) expect(id < otherId).toBe(true)
    }),
  )
})

test.each([
  ['no date', { time: new Date(Number.NaN) }],
  ['a year of five digits', { time: new Date('+010000-01-01T00:00:00Z') }],
  ['a commit that is none', { commit: '../../etc/passwd' }],
  ['a short commit', { commit: 'abc' }],
  ['an empty run', { maker: { kind: 'run', run: '', attempt: 1 } as const }],
  ['a run with a slash', { maker: { kind: 'run', run: '1/2', attempt: 1 } as const }],
  ['attempt 0', { maker: { kind: 'run', run: '1', attempt: 0 } as const }],
  ['too little randomness', { maker: { kind: 'local', random: 'abc' } as const }],
])('nothing is made of %s', (_, part) => {
  expect(() => releaseId({ time: TIME, commit: COMMIT, maker: RUN, ...part })).toThrow()
})

const ID = '20261121T074700Z-0123456789ab-19482.2'

test.each([
  ['nothing', ''],
  ['the folder above', '..'],
  ['this folder', '.'],
  ['a path', `releases/${ID}`],
  ['a way out', `${ID}/../..`],
  ['an option', `-${ID}`],
  ['an upload', `.incoming-${ID}`],
  ['a line behind it', `${ID}\n`],
  ['a line before it', `x\n${ID}`],
  ['a NUL', `${ID}\0`],
  ['a blank', `${ID} `],
  ['capital digits', ID.toUpperCase()],
  ['digits of another script', ID.replace('2026', '\u0662\u0660\u0662\u0666')],
  ['the 31st of February', ID.replace('1121', '0231')],
  ['the 13th month', ID.replace('1121', '1321')],
  ['the 24th hour', ID.replace('T07', 'T24')],
  ['a leap second', ID.replace('4700Z', '4760Z')],
  ['no attempt', ID.slice(0, -2)],
  ['attempt 0', `${ID.slice(0, -1)}0`],
  ['a long run', ID.replace('19482', '1'.repeat(60))],
])('%s is no id', (_, text) => {
  expect(readReleaseId(text)).toBeUndefined()
})

test('of any text, and of an id with a change in it, an id is read that is that text, or none', () => {
  const changed = fc
    .tuple(parts.map(releaseId), fc.nat(60), fc.nat(3), fc.string({ unit: 'binary-ascii', maxLength: 3 }))
    .map(([id, at, length, more]) => id.slice(0, at) + more + id.slice(at + length))
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary-ascii' }), changed), (text) => {
      const read = readReleaseId(text)
      if (read === undefined) return
      expect(read.id).toBe(text)
      expect(text).toMatch(/^(?!-)[0-9A-Za-z.-]{1,80}(?!\n)$/)
    }),
    { numRuns: 1000 },
  )
})
