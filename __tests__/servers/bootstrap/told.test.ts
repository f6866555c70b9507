import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lineOf, refusalOf } from '../../../src/servers/bootstrap/told.ts'

const SCRIPT = readFileSync(join(import.meta.dirname, '../../../src/servers/host/bootstrap.sh'), 'utf8')

function wordsAfter(pattern: RegExp): string[] {
  return [...new Set([...SCRIPT.matchAll(pattern)].map(([, word = '']) => word))]
}

test('every refusal of the script has a sentence with a remedy', () => {
  const codes = wordsAfter(/\brefuse ([a-z-]+)/g)
  expect(codes).toHaveLength(8)
  for (const code of codes) expect(refusalOf({ event: 'refused', code }), code).not.toContain('The server refused it')
  expect(refusalOf({ event: 'refused', code: 'new' })).toContain('"code":"new"')
})

test('every change that the script makes or would make has a line of its own', () => {
  const whats = wordsAfter(/\bchanging ([a-z-]+) ["a-z]/g)
  expect(whats).toHaveLength(10)
  for (const what of whats) {
    expect(lineOf({ event: 'did', what, name: 'x' }), what).not.toBe(`${what} x`)
    expect(lineOf({ event: 'would', what, name: 'x' })).toMatch(/^Not done, in a dry run: /)
  }
})

test('every other event has a line, but for those that programs read', () => {
  const events = wordsAfter(/\bevent ([a-z-]+)/g).filter((event) => event !== 'did' && event !== 'would')
  const silent = events.filter((event) => lineOf({ event }) === undefined)
  expect(silent).toEqual(['fact'])
})

test('a change of a file is shown with its difference', () => {
  const event = { event: 'did', what: 'file', name: '/etc/x', diff: '-a\n+b\n' }
  expect(lineOf(event)).toBe('Wrote /etc/x.\n-a\n+b')
})
