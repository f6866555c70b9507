import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EventReader, type HostEvent } from '../../../src/servers/protocol/events.ts'
import { outcomeOf } from '../../../src/servers/protocol/outcome.ts'

const MARK = '0123456789abcdef'

function read(bytes: Uint8Array, sizes: readonly number[] = []) {
  const events: HostEvent[] = []
  const reader = new EventReader(MARK, (event) => events.push(event))
  let at = 0
  for (const size of [...sizes, bytes.length]) {
    reader.take(bytes.subarray(at, at + size))
    at += size
  }
  reader.end()
  return { events, said: reader.said }
}

const bytesOf = (text: string) => new TextEncoder().encode(text)

test('events are found among what else is printed, and only with the mark of this call', () => {
  const other = MARK.replace('0', 'f')
  const printed = `Welcome!\n${other} {"event":"end"}\n prompt> \n${MARK} {"event":"fact","name":"arch","value":"x86_64"}\n${MARK} nonsense\n${MARK} {"no":"event"}\n${MARK} {"event":"end"}`
  expect(read(bytesOf(printed))).toEqual({
    events: [{ event: 'fact', name: 'arch', value: 'x86_64' }, { event: 'end' }],
    said: `Welcome!\n${other} {"event":"end"}\n prompt> \n${MARK} nonsense\n${MARK} {"no":"event"}\n`,
  })
})

test('values that are no text are left out, and bytes that are no UTF-8 harm nothing', () => {
  const bytes = [...bytesOf(`${MARK} {"event":"a","b":1,"c":{"d":"e"},"f":"`), 0xff, ...bytesOf('"}\n')]
  expect(read(Uint8Array.from(bytes)).events).toEqual([{ event: 'a', f: '�' }])
})

test('however the bytes arrive, the events are the same', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'ü', '€', '😀', '"', '\\', '\n', MARK, ' ') })
  fc.assert(
    fc.property(fc.array(text), fc.array(fc.nat(9)), (values, sizes) => {
      const told = values.map((value) => ({ event: 'fact', value }))
      const bytes = bytesOf(told.map((each) => `\n${MARK} ${JSON.stringify(each)}\n`).join(''))
      expect(read(bytes, sizes).events).toEqual(told)
    }),
  )
})

test('output without an end fills no memory, and what comes behind it is read', () => {
  const events: HostEvent[] = []
  const reader = new EventReader(MARK, (event) => events.push(event))
  const noise = new Uint8Array(1 << 20).fill(0x61)
  for (let round = 0; round < 64; round++) reader.take(noise)
  reader.take(bytesOf(`\n${'line\n'.repeat(100_000)}${MARK} {"event":"end"}\n`))
  reader.end()
  expect(events).toEqual([{ event: 'end' }])
  expect(reader.said.length).toBeLessThanOrEqual(64 * 1024)
})

test('mutated events give events or none, and never a crash', () => {
  const line = `${MARK} {"event":"refused","code":"no-space","free":"0"}\n`
  const mutation = fc.record({ at: fc.nat(line.length), by: fc.string({ maxLength: 8 }), cut: fc.nat(5) })
  fc.assert(
    fc.property(fc.array(mutation, { maxLength: 5 }), (mutations) => {
      const mutated = mutations.reduce((text, { at, by, cut }) => text.slice(0, at) + by + text.slice(at + cut), line)
      for (const event of read(bytesOf(mutated)).events) {
        expect(Object.values(event).every((value) => typeof value === 'string')).toBe(true)
      }
    }),
  )
})

test('only a script that came to its end with 0 is success', () => {
  const end = { event: 'end' }
  const refusal = { event: 'refused', code: 'no-space' }
  const kinds = (code: number, ...events: HostEvent[]) => outcomeOf({ kind: 'exited', code }, events, '').kind
  expect(kinds(0, end)).toBe('done')
  expect(kinds(0)).toBe('unknown')
  expect(kinds(0, end, refusal)).toBe('unknown')
  expect(kinds(10, refusal, end)).toBe('refused')
  expect(kinds(10, end)).toBe('unknown')
  expect(kinds(11, { event: 'failed', why: 'x' }, end)).toBe('failed')
  expect(kinds(127, end)).toBe('unknown')
  expect(outcomeOf({ kind: 'signalled', signal: 'KILL' }, [end], '').kind).toBe('unknown')
  expect(outcomeOf({ kind: 'lost', why: 'the connection was lost' }, [end], '')).toMatchObject({
    kind: 'unknown',
    why: 'the connection was lost',
  })
})
