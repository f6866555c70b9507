import { setTimeout as sleep } from 'node:timers/promises'
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import type { StepRecord, StepState } from '../../src/report/record.ts'
import { terminalDisplay } from '../../src/report/terminal.ts'

const record = (state: StepState): StepRecord => ({ name: 'b', title: 'Build', state, startedAt: 0, seconds: 12 })

function terminal(columns = 40) {
  const writes: string[] = []
  const display = terminalDisplay({ write: (text) => writes.push(text), columns: () => columns })
  /** What is on the screen: a line that was cleared is gone. */
  const screen = () =>
    stripVTControlCharacters(writes.join('').replace(/[^\n]*\r\x1b\[2K/g, ''))
      .split('\n')
      .map((line) => line.trimEnd())
      .filter((line) => line !== '')
  return { display, writes, screen }
}

test('a running step has one live line with its time and the last output, within the width', async () => {
  const { display, writes, screen } = terminal()
  display.stepStarted('Build')
  display.line('   Compiling something with a rather long name v1.0.0')
  await sleep(350)
  expect(screen()).toHaveLength(1)
  expect(screen()[0]).toMatch(/^\S Build 0\.\d s {2}Compiling some/)
  expect(screen()[0]?.length).toBeLessThan(40)
  // It was drawn anew meanwhile.
  expect(writes.length).toBeGreaterThan(2)
  display.stepEnded(record('done'))
  expect(screen()).toEqual(['✓ Build (12 s)'])
  const drawn = writes.length
  await sleep(250)
  expect(writes).toHaveLength(drawn)
})

test('the output of a step that failed is shown, and commands nothing', () => {
  const { display, writes, screen } = terminal()
  display.stepStarted('Build')
  display.line('\x1b[31mred\x1b[0m \x1b[2J\x07evil\x1b]0;title\x07')
  display.problem('warning', 'one\n\x1b[2Jtwo')
  display.stepEnded(record('failed'))
  expect(screen()).toEqual(['warning: one', 'two', '  red evil', '✗ Build (failed after 12 s)'])
  expect(writes.join('')).toContain('\x1b[31mred\x1b[0m')
  for (const evil of ['\x1b[2J', '\x07', '\x1b]0;']) expect(writes.join('')).not.toContain(evil)
})

test('a step that is shown later than it began has its true time', () => {
  const { display, screen } = terminal()
  display.stepStarted('Build', Date.now() - 65_000)
  expect(screen()).toEqual([expect.stringMatching(/^\S Build 1 min 0\d s$/)])
  display.close()
})

test('of endless output only the end is kept', () => {
  const { display, screen } = terminal()
  display.stepStarted('Build')
  for (let line = 0; line < 1000; line++) display.line(`line ${line}`)
  display.stepEnded(record('failed'))
  expect(screen().at(0)).toBe('  line 800')
  expect(screen()).toHaveLength(201)
})
