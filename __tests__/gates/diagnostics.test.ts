import fc from 'fast-check'
import { expect, test } from 'vitest'
import { packageName, readDiagnostic } from '../../src/gates/diagnostics.ts'
import { Tally } from '../../src/gates/tally.ts'
import { workspace } from './judged.ts'

const OURS = 'path+file:///repo/rust#app@0.1.0'

type Json = Record<string, unknown>

function span(more: Json = {}): Json {
  return {
    file_name: 'src/main.rs',
    is_primary: true,
    line_start: 3,
    line_end: 3,
    column_start: 8,
    column_end: 12,
    label: null,
    suggested_replacement: null,
    expansion: null,
    ...more,
  }
}

function line(message: Json, envelope: Json = {}): string {
  return JSON.stringify({
    reason: 'compiler-message',
    package_id: OURS,
    message: {
      level: 'warning',
      message: 'something',
      code: { code: 'a_lint' },
      spans: [span()],
      children: [],
      rendered: 'warning: something\n',
      ...message,
    },
    ...envelope,
  })
}

const finding = (message: Json, envelope: Json = {}) => readDiagnostic(line(message, envelope), workspace)?.finding

test('a diagnostic becomes a finding at the path that the repository knows', () => {
  expect(readDiagnostic(line({}), workspace)).toEqual({
    finding: {
      level: 'warning',
      title: 'a_lint',
      message: 'something',
      place: { file: 'rust/src/main.rs', line: 3, column: 8 },
    },
    rendered: 'warning: something',
  })
})

test('labels, notes, suggestions and the page of the lint are told; why it is on is not', () => {
  const spans = [
    span({ label: 'expected `u32`', line_end: 5 }),
    span({ is_primary: false, line_start: 1, label: 'because of this' }),
  ]
  const children = [
    { level: 'note', message: '`#[warn(a_lint)]` (part of `#[warn(all)]`) on by default', spans: [] },
    { level: 'note', message: '`-D a-lint` implied by `-D warnings`', spans: [] },
    { level: 'help', message: 'for further information visit https://example.org/a_lint', spans: [] },
    { level: 'help', message: 'try', spans: [span({ suggested_replacement: 'x.is_empty()' })] },
    {
      level: 'help',
      message: 'remove it',
      spans: [span({ suggested_replacement: '' }), span({ suggested_replacement: ' ' })],
    },
    { level: 'note', message: 'a reason', spans: [] },
  ]
  expect(finding({ spans, children })).toMatchObject({
    message:
      'something\nexpected `u32`\nline 1: because of this\nhttps://example.org/a_lint\nhelp: try: `x.is_empty()`\nhelp: remove it\nnote: a reason',
    place: { line: 3, endLine: 5 },
  })
})

test('a span in the code of somebody else climbs to the line that called the macro', () => {
  const within = (file_name: string, expansion: unknown = null) => span({ file_name, expansion })
  const user = span({ line_start: 9, column_start: 2 })
  const std = within('/rustc/abc/library/std/src/macros.rs', {
    span: within('/home/me/.cargo/registry/src/x/lib.rs', { span: user }),
  })
  expect(finding({ spans: [std] })?.place).toEqual({ file: 'rust/src/main.rs', line: 9, column: 2 })
  expect(finding({ spans: [within('<::std::macros::println macros>')] })).not.toHaveProperty('place')
  expect(finding({ spans: [within('target/debug/build/app/out/made.rs')] })).not.toHaveProperty('place')
  expect(finding({ spans: [within('../other/lib.rs')] })?.place?.file).toBe('other/lib.rs')
  expect(finding({ spans: [within('../../outside.rs')] })).not.toHaveProperty('place')
})

test('macros without an end', () => {
  let deep: Json = span()
  for (let depth = 0; depth < 2000; depth++) deep = span({ file_name: '/elsewhere.rs', expansion: { span: deep } })
  expect(finding({ spans: [deep] })).not.toHaveProperty('place')
})

test('errors of dependencies are ours to tell, their warnings are not', () => {
  const theirs = { package_id: 'registry+https://example.org/index#ring@0.17.14' }
  expect(finding({}, theirs)).toBeUndefined()
  expect(finding({ level: 'error' }, theirs)?.message).toBe('In the dependency ring: something')
  expect(finding({ level: 'error: internal compiler error', code: null })).toMatchObject({
    level: 'error',
    title: 'Compiler error',
  })
})

test('what says nothing of the code is left out', () => {
  for (const level of ['note', 'help', 'failure-note', '', 7]) expect(finding({ level })).toBeUndefined()
  expect(
    finding({ level: 'error', message: 'aborting due to 2 previous errors', spans: [], code: null }),
  ).toBeUndefined()
  expect(finding({ message: '3 warnings emitted', spans: [], code: null })).toBeUndefined()
  expect(finding({}, { reason: 'compiler-artifact' })).toBeUndefined()
  for (const other of ['', '{', 'null', '[]', '{"reason":"build-finished"}', '::error::x']) {
    expect(readDiagnostic(other, workspace)).toBeUndefined()
  }
})

test('a message that is cut off counts, so that it cannot pass for none', () => {
  expect(readDiagnostic(line({ rendered: 'x'.repeat(3000) }).slice(0, 2000), workspace)?.finding).toMatchObject({
    level: 'warning',
    title: 'Compiler message not read',
  })
})

test('names of packages in every form of their ids', () => {
  expect(packageName('registry+https://github.com/rust-lang/crates.io-index#ring@0.17.14')).toBe('ring')
  expect(packageName('path+file:///repo/some/api#0.1.0')).toBe('api')
  expect(packageName('git+https://example.org/team/tool?branch=main#tool@1.0.0')).toBe('tool')
  expect(packageName('git+https://example.org/team/tool?branch=main#1.0.0')).toBe('tool')
  expect(packageName('ring 0.17.14 (registry+https://github.com/rust-lang/crates.io-index)')).toBe('ring')
  expect(packageName('')).toBe('')
})

test('100,000 diagnostics are all counted, and a thousand of each level are kept', () => {
  const tally = new Tally()
  for (let at = 1; at <= 100_000; at++) {
    const read = readDiagnostic(line({ spans: [span({ line_start: at })] }), workspace)
    // Each comes twice: for the program, and for its tests.
    if (read !== undefined) for (let time = 0; time < 2; time++) tally.addOnce(read.finding)
  }
  expect(tally.counts).toEqual({ errors: 0, warnings: 100_000 })
  const late = readDiagnostic(line({ level: 'error' }), workspace)
  if (late !== undefined) tally.addOnce(late.finding)
  expect(tally.findings).toHaveLength(1001)
  expect(tally.findings.at(-1)?.level).toBe('error')
  expect(tally.untold).toBe(99_000)
})

test('no value in any field, and no cut, breaks the reader', () => {
  const text = line({
    children: [{ level: 'help', message: 'try', spans: [span()] }],
    spans: [span({ expansion: { span: span() } })],
  })
  fc.assert(
    fc.property(fc.nat(text.length), fc.nat(text.length), fc.string(), (from, length, put) => {
      readDiagnostic(text.slice(0, from) + put + text.slice(from + length), workspace)
    }),
  )
  const fields = fc.record(
    {
      level: fc.constantFrom('error', 'warning'),
      message: fc.jsonValue(),
      code: fc.jsonValue(),
      rendered: fc.jsonValue(),
    },
    { noNullPrototype: true },
  )
  const anySpan = fc.record({
    file_name: fc.oneof(fc.string(), fc.jsonValue()),
    is_primary: fc.boolean(),
    line_start: fc.oneof(fc.integer(), fc.double(), fc.jsonValue()),
    label: fc.jsonValue(),
    expansion: fc.jsonValue(),
  })
  fc.assert(
    fc.property(fields, fc.array(fc.oneof(anySpan, fc.jsonValue())), fc.jsonValue(), (message, spans, children) => {
      const read = finding({ ...message, spans, children })
      expect(typeof read?.message).toBe('string')
      expect(read?.place?.line ?? 1).toBeGreaterThan(0)
    }),
  )
})
