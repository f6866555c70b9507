import fc from 'fast-check'
import { expect, test } from 'vitest'
import { releasesToPrune, releaseToGoBackTo } from '../../../src/servers/release/choice.ts'
import type { HistoryEvent } from '../../../src/servers/release/history.ts'

const [A, B, C, D, E, F] = [1, 2, 3, 4, 5, 6].map((day) => `2026112${day}T074700Z-0123456789ab-${day}.1`) as [
  string,
  string,
  string,
  string,
  string,
  string,
]

function history(...events: [event: string, release: string][]): HistoryEvent[] {
  return events.map(([event, release]) => ({ time: '2026-11-21T07:48:00Z', event, release }))
}
const deployed = (id: string) => [
  ...history(['uploaded', id]),
  ...history(['switched', id]),
  ...history(['confirmed', id]),
]
const failed = (id: string) => [...history(['uploaded', id]), ...history(['switched', id], ['rolled-back', id])]

test('one goes back to the release that was confirmed before the current one', () => {
  const all = [...deployed(A), ...deployed(B), ...failed(C), ...deployed(D)]
  expect(releaseToGoBackTo({ history: all, existing: [A, B, C, D], current: D })).toBe(B)
  expect(releaseToGoBackTo({ history: all, existing: [A, D], current: D })).toBe(A)
  expect(releaseToGoBackTo({ history: all, existing: [D], current: D })).toBeUndefined()
  expect(releaseToGoBackTo({ history: [], existing: [A, B], current: B })).toBeUndefined()
})

test('nobody goes forward again to what was gone back from', () => {
  const back = [...deployed(A), ...deployed(B), ...deployed(C), ...history(['withdrawn', C], ['confirmed', B])]
  expect(releaseToGoBackTo({ history: back, existing: [A, B, C], current: B })).toBe(A)
  // Unless somebody deployed it once more, and it was confirmed.
  const again = [...back, ...history(['switched', C], ['confirmed', C])]
  expect(releaseToGoBackTo({ history: again, existing: [A, B, C], current: C })).toBe(B)
  expect(releaseToGoBackTo({ history: [...again, ...deployed(D)], existing: [A, B, C, D], current: D })).toBe(C)
})

test('what ran last counts, not what was built last', () => {
  // Somebody went back over B to A on purpose.
  const all = [...deployed(A), ...deployed(B), ...deployed(C)]
  all.push(...history(['withdrawn', C], ['confirmed', A]), ...deployed(D))
  expect(releaseToGoBackTo({ history: all, existing: [A, B, C, D], current: D })).toBe(A)
})

test('a release that the guard brought back from is not gone back to, even if it was good once', () => {
  const all = [...deployed(A), ...deployed(B), ...deployed(C), ...history(['switched', B], ['rolled-back', B])]
  expect(releaseToGoBackTo({ history: all, existing: [A, B, C], current: C })).toBe(A)
})

test('the newest confirmed releases stay, and two failed ones beside them', () => {
  const all = [...deployed(A), ...failed(B), ...failed(C), ...failed(D), ...deployed(E), ...deployed(F)]
  const existing = [F, C, A, E, D, B]
  expect(releasesToPrune({ history: all, existing, inUse: [F], keep: 2 })).toEqual([A, B])
  expect(releasesToPrune({ history: all, existing, inUse: [F], keep: 5 })).toEqual([B])
  expect(releasesToPrune({ history: all, existing, inUse: [F, B, A], keep: 1 })).toEqual([E])
  // One that is in use takes no place of another.
  expect(releasesToPrune({ history: all, existing, inUse: [F, D], keep: 5 })).toEqual([])
})

test('a withdrawn release takes no place of one that can be gone back to', () => {
  const all = [...deployed(A), ...deployed(B), ...deployed(C), ...history(['withdrawn', C], ['confirmed', B])]
  expect(releasesToPrune({ history: all, existing: [A, B, C], inUse: [B], keep: 2 })).toEqual([])
})

test('without a history the newest releases stay', () => {
  expect(releasesToPrune({ history: [], existing: [A, B, C, D, E], inUse: [B], keep: 3 })).toEqual([A])
})

test('what is no release is nobody\u2019s to prune', () => {
  const existing = ['..', '.incoming-x', 'lost+found', '', '-rf', `${A}/..`, A]
  expect(releasesToPrune({ history: failed(A), existing, inUse: [], keep: 0 })).toEqual([])
  expect(releasesToPrune({ history: [], existing, inUse: [], keep: 0 })).toEqual([A])
})

test('whatever happened: what is in use stays, few others do, and what to go back to is kept', () => {
  const ids = fc.constantFrom(A, B, C, D, E, F)
  const happened = fc.array(
    fc.record({
      time: fc.constant('2026-11-21T07:48:00Z'),
      event: fc.constantFrom('uploaded', 'switched', 'confirmed', 'rolled-back', 'withdrawn', 'pruned', 'new'),
      release: fc.option(ids, { nil: undefined }),
    }),
    { maxLength: 30 },
  )
  const case_ = fc.record({
    history: happened,
    existing: fc.uniqueArray(fc.oneof(ids, fc.constantFrom('..', '.incoming-a'))),
    inUse: fc.uniqueArray(ids, { maxLength: 3 }),
    keep: fc.integer({ min: 2, max: 4 }),
  })
  fc.assert(
    fc.property(case_, ({ history: events, existing, inUse, keep }) => {
      const gone = releasesToPrune({ history: events, existing, inUse, keep })
      for (const id of inUse) expect(gone).not.toContain(id)
      for (const id of gone) expect(existing).toContain(id)
      expect(gone).toEqual([...new Set(gone)].sort())
      const [current] = inUse
      const target = releaseToGoBackTo({ history: events, existing, current })
      if (target === undefined) return
      expect(target).not.toBe(current)
      // With a place for the current one and another.
      expect(gone).not.toContain(target)
      const left = existing.filter((id) => !gone.includes(id))
      expect(releaseToGoBackTo({ history: events, existing: left, current })).toBe(target)
    }),
    { numRuns: 2000 },
  )
})
