import { expect, test } from 'vitest'
import { refusalIn } from '../../src/cache/refusal.ts'

const said = (stdout: string) => ({ stdout: `before\n${stdout}\nafter\n` })

test.each([
  ['nothing was said', said('Cache not found'), undefined],
  // What the service answers to a key that is taken, in both of its ways.
  ['no', said('::debug::Failed to reserve cache: Error: Response was not ok'), 'another job has saved it already'],
  [
    'a conflict',
    said(
      '::debug::Failed to reserve cache: Error: Failed to CreateCacheEntry: Received non-retryable error: Failed request: (409) Conflict: cache entry with the same key, version, and scope already exists',
    ),
    'another job has saved it already',
  ],
  [
    'no right to write',
    said('::warning::Failed to save: Unable to reserve cache with key k. More details: cache write denied: read-only'),
    'cache write denied: read-only',
  ],
  ['no right to read', said('::warning::Failed to restore: x: cache read denied: none'), 'cache read denied: none'],
])('%s is no failure', (_, lines, why) => {
  expect(refusalIn(lines)).toEqual(why === undefined ? {} : { why })
})

test.each([
  [said('::error::Failed to restore: Cache service responded with 503'), 'Cache service responded with 503'],
  [said('::warning file=x::Failed to save: Failed to CreateCacheEntry: 100%25%0Aof it%0D'), '100%'],
  [
    said('::debug::Failed to reserve cache: Error: Failed to CreateCacheEntry: Rate limited: slow down'),
    'Rate limited: slow down',
  ],
  [
    said(
      '::debug::Failed to reserve cache: Error: Unable to make request: ECONNREFUSED\n::warning::Failed to save: Unable to reserve cache with key k, another job may be creating this cache.',
    ),
    'Unable to make request: ECONNREFUSED',
  ],
  [
    said(
      '[command]/usr/bin/tar -xf x\nzstd: Data corruption\n::warning::Failed to restore: "tar" failed with error: 2',
    ),
    'tar ended with: zstd: Data corruption',
  ],
  [
    said('::warning::Failed to restore: get https://blob.example.org/x?sig=SECRET&se=1 failed'),
    'get https://blob.example.org/x failed',
  ],
])('every other trouble is thrown in plain words, without the secret of an address', (lines, why) => {
  expect(() => refusalIn(lines)).toThrow(new Error(why))
})
