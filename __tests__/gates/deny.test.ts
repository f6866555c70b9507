import fc from 'fast-check'
import { expect, test } from 'vitest'
import { denyFinding } from '../../src/gates/deny-findings.ts'
import { DenyOutput } from '../../src/gates/deny-output.ts'
import { type Diagnostic, readDenyLine } from '../../src/gates/deny-report.ts'
import { readLock } from '../../src/gates/lock-file.ts'
import { LockWays } from '../../src/gates/lock-ways.ts'

const fields = {
  code: 'banned',
  graphs: [{ Krate: { name: 'openssl', version: '0.10.0' }, parents: [{ Krate: { name: 'app', version: '0.1.0' } }] }],
  labels: [{ column: 9, line: 2, message: 'banned here', span: 'openssl' }],
  message: "crate 'openssl = 0.10.0' is explicitly banned",
  severity: 'error',
}
const LINE = JSON.stringify({ fields, type: 'diagnostic' })

const lock = {
  file: 'Cargo.lock',
  ways: new LockWays(
    readLock(
      '[[package]]\nname = "app"\nversion = "0.1.0"\ndependencies = [\n "openssl",\n]\n[[package]]\nname = "openssl"\nversion = "0.10.0"\nsource = "registry+x"\n',
    ),
  ),
}
const config = { file: 'deny.toml', lines: ['[bans]', 'deny = ["openssl"]'] }

function diagnosticIn(line: string): Diagnostic {
  const told = readDenyLine(line)
  if (told?.kind !== 'diagnostic') throw new Error('no diagnostic')
  return told.diagnostic
}

test('a ban stands at the package, and names the line of deny.toml', () => {
  expect(denyFinding(diagnosticIn(LINE), lock, config)).toEqual({
    level: 'error',
    title: 'cargo-deny: banned',
    message:
      "crate 'openssl = 0.10.0' is explicitly banned.\ndeny.toml:2: banned here: openssl\nIt gets in by app → openssl 0.10.0.",
    place: { file: 'Cargo.lock', line: 8 },
  })
})

test('what is about no package stands in deny.toml, if its label is of that file', () => {
  const about = (labels: unknown) =>
    denyFinding(
      diagnosticIn(JSON.stringify({ type: 'diagnostic', fields: { ...fields, graphs: [], labels } })),
      lock,
      config,
    )
  expect(about(fields.labels).place).toEqual({ file: 'deny.toml', line: 2, column: 9 })
  // The line of another file, of which only the number is known.
  expect(about([{ ...fields.labels[0], span: 'license' }]).place).toEqual({ file: 'deny.toml' })
})

test('notes, logs of no weight and other lines are passed over', () => {
  expect(readDenyLine(LINE.replace('"error"', '"note"'))).toBeUndefined()
  expect(readDenyLine('{"fields":{"level":"WARN","message":"x"},"type":"log"}')).toBeUndefined()
  expect(readDenyLine('{"fields":{"bans":{"errors":1}},"type":"summary"}')).toBeUndefined()
  expect(readDenyLine('thread panicked')).toBeUndefined()
  expect(readDenyLine('{"fields":{"level":"ERROR","message":"x"},"type":"log"}')).toEqual({
    kind: 'error',
    message: 'x',
  })
})

test('why it could not go on', () => {
  const told = (message: string, how: string | number = 1) => {
    const output = new DenyOutput()
    output.take(JSON.stringify({ type: 'log', fields: { level: 'ERROR', message } }))
    output.end(how)
    return output
  }
  expect(
    told('failed to fetch advisory database https://x with cli: failed to clone\nfatal: no.\n').whyNoDatabase,
  ).toBe('failed to fetch advisory database https://x with cli: failed to clone fatal: no')
  expect(told('failed to parse config from x').whyNoDatabase).toBeUndefined()
  expect(told('an error that did not matter, of the advisory database', 0).whyNoDatabase).toBeUndefined()
  expect(told('x', 'it did not end in 3 s').whyNoDatabase).toBe('it did not end in 3 s')
  expect(told('attempting to make an HTTP request, but --offline was specified').lacksPackages).toBe(true)
  const silent = new DenyOutput()
  silent.end(101)
  expect(silent.complaint).toBe('it ended with exit code 101')
})

test('packages that the index does not know are counted, not told one by one', () => {
  const output = new DenyOutput()
  const failure = { ...fields, code: 'index-failure', severity: 'warning', notes: ['unable to locate index entry'] }
  for (let index = 0; index < 3; index += 1) output.take(JSON.stringify({ type: 'diagnostic', fields: failure }))
  expect(output).toMatchObject({ unknownYanked: 3, whyUnknown: 'unable to locate index entry', diagnostics: [] })
})

test('output that was cut, spoilt or made to harm is read or not, and what is read can be told', () => {
  const spoilt = fc.tuple(fc.nat(LINE.length), fc.nat(60), fc.string({ unit: 'binary', maxLength: 40 }))
  const cut = ([at, length, other]: [number, number, string]) => LINE.slice(0, at) + other + LINE.slice(at + length)
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('\n::error::x', '\r##[group]', '\u2028', '\u0085::x'),
  )
  const strange = fc
    .record({
      severity: fc.constantFrom('error', 'warning'),
      message: text,
      code: text,
      notes: fc.array(text),
      labels: fc.anything(),
    })
    .map((fields) =>
      JSON.stringify({ type: 'diagnostic', fields }, (_, each: unknown) => (typeof each === 'bigint' ? 0 : each)),
    )
  fc.assert(
    fc.property(fc.oneof(spoilt.map(cut), strange, text), (line) => {
      const told = readDenyLine(line)
      if (told?.kind !== 'diagnostic') return
      const { title, message } = denyFinding(told.diagnostic, lock, config)
      expect(title).not.toMatch(/[\x00-\x1f\x7f-\x9f\u2028]/)
      expect(message.replaceAll('\n', '')).not.toMatch(/[\x00-\x1f\x7f-\x9f\u2028]/)
    }),
  )
})

test('very many diagnostics fill no memory, and do not turn a failure into a success', () => {
  const output = new DenyOutput()
  const long = JSON.stringify({ type: 'diagnostic', fields: { ...fields, notes: ['x'.repeat(5000)] } })
  for (let index = 0; index < 100_001; index += 1) output.take(index === 100_000 ? long : LINE)
  output.end(2)
  expect(output.diagnostics).toHaveLength(100_000)
  expect(output.failed).toBe(true)
})
