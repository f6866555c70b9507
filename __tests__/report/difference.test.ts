import { expect, test } from 'vitest'
import { differenceFrom } from '../../src/report/difference.ts'

const told = (...dirty: string[]) => differenceFrom({ sha: 'a'.repeat(40), dirty })

test('what differs from the commit is named while it is little, and counted when it is much', () => {
  expect(told()).toBeUndefined()
  expect(told('src/main.rs')).toBe('The working tree differs from the commit aaaaaaaaaaaa: src/main.rs.')
  expect(told('a', 'b', 'c')).toBe('The working tree differs from the commit aaaaaaaaaaaa: a, b and c.')
  expect(told('a', 'b', 'c', 'd')).toBe(
    'The working tree differs from the commit aaaaaaaaaaaa: a, b, c and 1 more path.',
  )
  expect(told(...'abcdefgh')).toContain(': a, b, c and 5 more paths.')
})

test('the name of a file is one line, whatever it holds', () => {
  expect(told('a\n::error::b\u001b[2J')).toBe(
    'The working tree differs from the commit aaaaaaaaaaaa: a ::error::b [2J.',
  )
})
