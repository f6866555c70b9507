import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FormatOutput } from '../../src/gates/fmt-output.ts'
import { told, workspace } from './judged.ts'

function read(stdout: string, stderr = '') {
  const output = new FormatOutput(workspace)
  for (const line of stdout.split('\n')) output.takeDifference(line)
  for (const line of stderr.split('\n')) output.takeComplaint(line)
  return { saidWhy: output.endOfRun().saidWhy, output, findings: output.tally.findings }
}

const HUNK = ' fn a() {}\n-fn  b() {}\n-\n fn c() {}\n-fn  d() {}\n+fn b() {}\n'

test('both forms of the heading, with and without colours', () => {
  const place = { file: 'rust/src/x.rs', line: 11, endLine: 14 }
  for (const heading of [
    'Diff in /repo/rust/src/x.rs:10:',
    'Diff in /repo/rust/src/x.rs at line 10:',
    '\x1b[1mDiff in /repo/rust/src/x.rs:10:\x1b[0m',
  ]) {
    expect(read(`${heading}\n${HUNK}`).findings.map((each) => each.place)).toEqual([place])
  }
})

test('code that looks like a heading is code', () => {
  const { findings } = read(
    'Diff in /repo/a.rs:1:\n Diff in /repo/b.rs:2:\n-Diff in /repo/c.rs:3:\n+Diff in /repo/d.rs:4:\n',
  )
  expect(findings.map(({ place }) => place)).toEqual([{ file: 'a.rs', line: 2 }])
})

test('a file elsewhere has no place, but is named', () => {
  expect(told(read('Diff in /elsewhere/x.rs:1:\n-a\n+b\n').findings)).toEqual([
    '-:- error Not formatted: /elsewhere/x.rs: rustfmt writes this in another way:',
  ])
})

test('a large difference is shortened', () => {
  const { findings } = read(`Diff in /repo/x.rs:1:\n${'-x\n'.repeat(50_000)}`)
  expect(findings[0]?.message.split('\n')).toHaveLength(22)
})

test('an error without a place is about the toolchain, and no finding', () => {
  expect(read('', "error: 'rustfmt' is not installed for the toolchain 'stable'")).toMatchObject({
    saidWhy: false,
    findings: [],
  })
})

test('no output breaks the reader', () => {
  const pieces = fc.constantFrom(
    'Diff in ',
    '/repo/x.rs',
    ':1:',
    ' at line ',
    '\n',
    '-',
    '+',
    'error: ',
    ' --> ',
    ':9:9',
    '\x1b[31m',
    '\0',
    'é',
  )
  fc.assert(
    fc.property(fc.array(fc.oneof(pieces, fc.string())), fc.array(fc.oneof(pieces, fc.string())), (out, err) => {
      read(out.join(''), err.join(''))
    }),
  )
})
