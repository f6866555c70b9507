import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { helpText } from '../../src/settings/help.ts'

test('help says of exit codes what the README says, also of signals', () => {
  const oneLine = (text: string) => text.replace(/\s+/g, ' ')
  const said = /Exit codes: [^.]+\./.exec(oneLine(helpText(80)))?.[0]
  expect(said).toContain('signal')
  expect(oneLine(readFileSync('README.md', 'utf8'))).toContain(said)
})

test('no line of help is wider than the terminal', () => {
  const lines = helpText(80).split('\n')
  expect(lines.filter((line) => line.length > 80 && !/^ {2}--|^Usage:/.test(line))).toEqual([])
})
