import { expect, test } from 'vitest'
import { Patience } from '../../src/cache/patience.ts'

test('only what nothing came of is taken from the minute that all questions have together', async () => {
  const patience = new Patience()
  const limits: number[] = []
  const ask = (seconds: number, why?: string) =>
    patience.ask(async (limitMs) => {
      limits.push(limitMs)
      return { seconds, ...(why !== undefined && { why }) }
    })
  await ask(50)
  await ask(20.0004, 'it failed')
  expect(patience.isOver).toBe(false)
  await ask(39.5, 'it failed')
  expect(patience.isOver).toBe(true)
  expect(limits).toEqual([60_000, 60_000, 39_999])
})
