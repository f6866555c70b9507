import fc from 'fast-check'
import { expect, test } from 'vitest'
import { wordsOf } from '../../src/settings/words.ts'

test('white space parts words, quotes keep it, and nothing else of a shell means anything', () => {
  expect(wordsOf('')).toEqual([])
  expect(wordsOf('  -A clippy::all \n -- --nocapture ')).toEqual(['-A', 'clippy::all', '--', '--nocapture'])
  expect(wordsOf(`--test "a b" 'c "d"' e'f'g ""`)).toEqual(['--test', 'a b', 'c "d"', 'efg', ''])
  expect(wordsOf('$HOME `id` $(id) a\\b *')).toEqual(['$HOME', '`id`', '$(id)', 'a\\b', '*'])
  expect(wordsOf('--skip "open')).toBeUndefined()
})

test('words that were put into quotes come back', () => {
  fc.assert(
    fc.property(fc.array(fc.string().filter((word) => !word.includes('"'))), (words) => {
      expect(wordsOf(words.map((word) => `"${word}"`).join(' '))).toEqual(words)
    }),
  )
})
