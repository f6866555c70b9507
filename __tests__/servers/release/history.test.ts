import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type HistoryEvent,
  type HistoryEventName,
  readHistory,
  writeHistoryEvent,
} from '../../../src/servers/release/history.ts'
import { damaged } from './made-text.ts'

const A = '20261121T074700Z-0123456789ab-1.1'
const UPLOADED = {
  time: '2026-11-21T07:47:02Z',
  event: 'uploaded',
  release: A,
  by: 'octocat, run 7',
  why: 'asked {"for"} {',
} as const
const CONFIRMED = { time: '2026-11-21T07:48:00Z', event: 'confirmed', release: A } as const
const LINES = writeHistoryEvent(UPLOADED) + writeHistoryEvent(CONFIRMED)

test('an event is one line and is read back', () => {
  expect(LINES.split('\n')).toHaveLength(3)
  expect(readHistory(LINES)).toEqual([UPLOADED, CONFIRMED])
  const manyLines = writeHistoryEvent({ ...CONFIRMED, why: 'one\ntwo\u2028three' })
  expect(manyLines.match(/\n/g)).toHaveLength(1)
  expect(readHistory(manyLines)).toEqual([{ ...CONFIRMED, why: 'one two three' }])
})

test('an event of a newer version is an event', () => {
  const line = '{"event":"canaried","share":{"percent":5},"time":"2026-11-21T07:48:00.5Z","release":"x"}\n'
  expect(readHistory(line)).toEqual([{ time: '2026-11-21T07:48:00.5Z', event: 'canaried' }])
})

test('half of a last line is passed over, and what the next writer puts behind it counts', () => {
  for (let length = 0; length < LINES.length; length++) {
    const half = LINES.slice(0, length)
    const whole = half.split('}\n').length - 1
    const read = readHistory(half)
    // A line that lacks its end of line alone is whole.
    expect([whole, whole + 1]).toContain(read.length)
    expect(readHistory(half + writeHistoryEvent(CONFIRMED)).at(-1)).toEqual(CONFIRMED)
    expect(readHistory(`${half}${'\0'.repeat(4096)}${writeHistoryEvent(UPLOADED)}`).at(-1)).toEqual(UPLOADED)
  }
})

test('the end of a history is a history, wherever it was cut', () => {
  for (let from = 0; from < LINES.length - writeHistoryEvent(CONFIRMED).length; from++) {
    expect(readHistory(LINES.slice(from)).at(-1)).toEqual(CONFIRMED)
  }
})

test.each([
  ['nothing', ''],
  ['empty lines', '\n\r\n\n'],
  ['words', 'deployed on Monday\n'],
  ['other JSON', '[]\n7\nnull\n"confirmed"\n{}\n'],
  ['no time', `{"event":"confirmed","release":"${A}"}\n`],
  ['a time that is none', `{"time":"2026-99-21T07:48:00Z","event":"confirmed","release":"${A}"}\n`],
  ['no event', `{"time":"2026-11-21T07:48:00Z","release":"${A}"}\n`],
  ['an event that is no text', `{"time":"2026-11-21T07:48:00Z","event":["confirmed"],"release":"${A}"}\n`],
])('%s tells no event', (_, text) => {
  expect(readHistory(text)).toEqual([])
})

test('what an event says is harmless where it is shown and where it is used', () => {
  const line = JSON.stringify({ ...CONFIRMED, release: '../../etc', by: `a\x1b[2J\r\u202eb`, why: 'x'.repeat(99_999) })
  const [event] = readHistory(line)
  expect(event).toEqual({ time: CONFIRMED.time, event: 'confirmed', by: 'a [2J b', why: 'x'.repeat(2000) })
})

test('of a huge history the end is read', () => {
  const [event, ...more] = readHistory(`${'{"'.repeat(8_000_000)}\n${writeHistoryEvent(CONFIRMED)}`)
  expect([event, more]).toEqual([CONFIRMED, []])
  const many = readHistory(`${LINES.repeat(50_000)}${writeHistoryEvent({ ...UPLOADED, why: 'the last' })}`)
  expect(many.at(-1)?.why).toBe('the last')
  expect(many.length).toBeLessThan(100_001)
})

const events: fc.Arbitrary<HistoryEvent<HistoryEventName>> = fc.record({
  time: fc.constantFrom(UPLOADED.time, CONFIRMED.time),
  event: fc.constantFrom('uploaded', 'switched', 'confirmed', 'rolled-back', 'withdrawn', 'pruned'),
  release: fc.constantFrom(A, undefined),
  by: fc.option(fc.string({ unit: 'binary-ascii' }), { nil: undefined }),
  why: fc.option(fc.string({ unit: 'binary-ascii' }), { nil: undefined }),
})

test('every event that is written whole is there after any damage to what was before it', () => {
  const before = damaged(fc.array(events).map((list) => list.map(writeHistoryEvent).join('')))
  fc.assert(
    fc.property(before, events, (text, last) => {
      const read = readHistory(text + writeHistoryEvent(last))
      expect(read.at(-1)).toMatchObject({ time: last.time, event: last.event })
      for (const each of read) expect(`${each.event}${each.by}${each.why}`).not.toMatch(/[\p{Cc}\p{Bidi_C}]/u)
    }),
    { numRuns: 2000 },
  )
})
