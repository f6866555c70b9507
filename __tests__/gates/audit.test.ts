import fc from 'fast-check'
import { expect, test } from 'vitest'
import { complaintOf } from '../../src/gates/advisory-database.ts'
import { auditConfigOf } from '../../src/gates/audit-config.ts'
import { findingOf } from '../../src/gates/audit-findings.ts'
import { addressOf, readAuditReport } from '../../src/gates/audit-report.ts'
import { saidOf, unchecked, unexplained } from '../../src/gates/audit-said.ts'
import { refreshArguments } from '../../src/gates/index-refresh.ts'
import { type LockedPackage, readLock } from '../../src/gates/lock-file.ts'
import { LockWays } from '../../src/gates/lock-ways.ts'

const locked = { name: 'smallvec', version: '1.6.0', source: '', checksum: null, replace: null }
const advisory = { id: 'RUSTSEC-2025-9001', package: 'smallvec', title: 'Overflow', url: null, informational: null }
const versions = { patched: ['>=1.6.1'], unaffected: [] }
const REPORT = JSON.stringify({
  database: { 'advisory-count': 3, 'last-commit': null, 'last-updated': '2026-08-13T18:58:49+02:00' },
  lockfile: { 'dependency-count': 9 },
  settings: { ignore: [] },
  vulnerabilities: { found: true, count: 1, list: [{ advisory, versions, affected: null, package: locked }] },
  warnings: {
    yanked: [{ kind: 'yanked', package: locked, advisory: null, affected: null, versions: null }],
    unsound: [{ kind: 'unsound', package: locked, advisory, affected: null, versions }],
  },
})

test('the report, wherever other lines stand around it', () => {
  const report = readAuditReport(`2026-11-21 ERROR a library complains\n{"not":"it"}\n${REPORT}\nmore\n`)
  expect(report).toMatchObject({ packages: 9, databaseOf: '2026-08-13T18:58:49+02:00' })
  expect(report?.advisories.map(({ concern, id }) => `${concern} ${id}`)).toEqual([
    'vulnerability RUSTSEC-2025-9001',
    'unsound RUSTSEC-2025-9001',
    'yanked ',
  ])
  expect(report?.advisories[0]).toMatchObject({
    name: 'smallvec',
    version: '1.6.0',
    patched: ['>=1.6.1'],
    url: 'https://rustsec.org/advisories/RUSTSEC-2025-9001',
  })
  // Old versions end it without a new line.
  expect(readAuditReport(REPORT)).toEqual(report)
  expect(readAuditReport('')).toBeUndefined()
})

test('a report that was cut, spoilt or made to harm is read or not, and what is read can be told', () => {
  const spoilt = fc.tuple(fc.nat(REPORT.length), fc.nat(60), fc.string({ unit: 'binary', maxLength: 40 }))
  const cut = ([at, length, other]: [number, number, string]) => REPORT.slice(0, at) + other + REPORT.slice(at + length)
  const strange = fc.record({ vulnerabilities: fc.object(), warnings: fc.anything(), lockfile: fc.anything() })
  const lock = { file: 'Cargo.lock', ways: new LockWays([]) }
  fc.assert(
    fc.property(fc.oneof(spoilt.map(cut), strange.map(asJson), fc.string({ unit: 'binary' })), (text) => {
      const report = readAuditReport(text)
      for (const each of report?.advisories ?? []) expect(findingOf(each, lock, 'error').title).not.toContain('\n')
      if (report !== undefined) expect(saidOf(report, [])).toMatch(/\.$/)
    }),
  )
})

test('whatever an advisory says becomes one line in a place that is ours', () => {
  const lock = { file: 'Cargo.lock', ways: new LockWays([]) }
  const concern = fc.constantFrom('vulnerability', 'unsound', 'yanked', 'unmaintained', 'notice' as const)
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('\n::error::x', '\r##[group]', '\x1b]0;t\x07', '\u2028x', '\x9b31m', '\u0085::x'),
  )
  const hostile = fc.record({
    concern,
    id: text,
    title: text,
    url: fc.constant(''),
    name: text,
    version: text,
    patched: fc.array(text),
  })
  fc.assert(
    fc.property(hostile, (advisory) => {
      const { title, message } = findingOf(advisory, lock, 'error')
      expect(title).not.toMatch(/[\x00-\x1f\x7f-\x9f\u2028\u2029\u202e]/)
      // Two or three sentences of ours, with its words inside them.
      expect(message.split(/[\n\r\u0085\u2028]/).length).toBeLessThanOrEqual(3)
      expect(message.replaceAll('\n', '')).not.toMatch(/[\x00-\x1f\x7f-\x9f\u2028\u2029\u202e]/)
    }),
  )
  const long = findingOf(
    { concern: 'notice', id: 'x', title: 'a'.repeat(1e6), url: '', name: 'b'.repeat(1e6), version: '', patched: [] },
    lock,
    'error',
  )
  expect(long.title.length + long.message.length).toBeLessThan(2000)
})

test('only what is an address is one', () => {
  expect(addressOf('RUSTSEC-2025-0001', 'https://elsewhere.example')).toBe(
    'https://rustsec.org/advisories/RUSTSEC-2025-0001',
  )
  expect(addressOf('CVE-2025-0001', 'https://example.org/a')).toBe('https://example.org/a')
  expect(addressOf('RUSTSEC-2025-0001\n', 'javascript:alert(1)')).toBe('')
  expect(addressOf('x', 'https://example.org/a b')).toBe('')
})

test('without audit.toml what breaks the code fails, and what is only old is told', () => {
  expect(auditConfigOf('', undefined)).toEqual({
    file: undefined,
    database: { url: 'https://github.com/RustSec/advisory-db.git', path: undefined, fetch: true },
    refreshesIndex: true,
    denied: new Set(['vulnerability', 'unsound', 'yanked']),
    denyArguments: ['--deny', 'unsound', '--deny', 'yanked'],
  })
})

test.each([
  ['[output]\ndeny = []', ['vulnerability'], []],
  ['[output]\ndeny = ["warnings"]', ['vulnerability', 'unsound', 'yanked', 'unmaintained'], []],
  ['[output]\ndeny = ["unmaintained", "nonsense"]', ['vulnerability', 'unmaintained'], []],
  ['[advisories]\ninformational_warnings = ["unmaintained"]', ['vulnerability', 'yanked'], ['--deny', 'yanked']],
])('%j fails for %j', (text, denied, denyArguments) => {
  expect(auditConfigOf(text, 'audit.toml')).toMatchObject({ denied: new Set(denied), denyArguments })
})

test.each(['[database]\nfetch = false', '[yanked]\nenabled = false', '[yanked]\nupdate_index = false'])(
  '%j leaves the index alone',
  (text) => {
    expect(auditConfigOf(text, 'audit.toml').refreshesIndex).toBe(false)
  },
)

test('an audit.toml of any text is read as far as it goes', () => {
  const text =
    '[advisories]\nignore = ["x"]\n[database]\nurl = "https://example.org"\nfetch = true\n[output]\ndeny = ["yanked"]\n'
  const spoilt = fc.tuple(fc.nat(text.length), fc.nat(20), fc.string({ maxLength: 10 }))
  fc.assert(
    fc.property(spoilt, ([at, length, other]) => {
      const config = auditConfigOf(text.slice(0, at) + other + text.slice(at + length), 'audit.toml')
      expect(config.denied.has('vulnerability')).toBe(true)
    }),
  )
})

test('only what comes from crates.io is asked of its index, and nothing of it is taken for an option', () => {
  const of = (name: string, source: string): LockedPackage => ({
    name,
    version: '1.0.0',
    source,
    line: 1,
    dependencies: [],
  })
  const cratesIo = 'registry+https://github.com/rust-lang/crates.io-index'
  expect(
    refreshArguments([of('app', ''), of('a', cratesIo), of('--config=x', cratesIo), of('g', 'git+https://x')]),
  ).toEqual([...['update', '--color', 'never', '--dry-run', '--'], ...['a@1.0.0', '--config=x@1.0.0']])
  expect(refreshArguments([of('app', '')])).toBeUndefined()
})

test('what was not checked is said, once and with the reason', () => {
  const line = (name: string) =>
    `error: couldn't check if the package is yanked: not found: No such crate in crates.io index: ${name}`
  expect(unchecked(`${line('a')}\n${line('b')}\n`, undefined)?.message).toBe(
    'It is not known of 2 packages whether they were yanked: not found: No such crate in crates.io index: a.',
  )
  expect(unchecked(line('a'), 'no network')?.message).toBe(
    'It is not known of 1 package whether they were yanked: no network.',
  )
  expect(unchecked('', 'no network')?.message).toContain('could not be refreshed: no network.')
  expect(unchecked('', undefined)).toBeUndefined()
  expect(unexplained(1, 'error: because\n')).toMatchObject({
    level: 'error',
    message: expect.stringContaining('because'),
  })
})

test('a package from elsewhere than crates.io has no advisories, and that is said', () => {
  const lock = readLock('[[package]]\nname = "a"\nversion = "1.0.0"\nsource = "git+https://example.org/a"\n')
  expect(saidOf({ packages: 2, databaseOf: '', advisories: [] }, lock)).toBe(
    'No advisory concerns the 2 packages of Cargo.lock. There are no advisories for 1 of them, which is not from crates.io.',
  )
})

test('a complaint is the error and the last of its causes', () => {
  const chain = 'Caused by:\n  -> talking to the server\n  -> no route to https://x\n'
  expect(complaintOf(`a warning\nerror: couldn't fetch advisory database: git failed: talking\n${chain}`)).toBe(
    'git failed: talking: no route to https://x',
  )
  expect(complaintOf('error: no crates in `/x`\nCaused by:\n  -> no crates in `/x`\n')).toBe('no crates in `/x`')
  expect(complaintOf('error: failed to get `x`\n\nCaused by:\n  spurious\n')).toBe(
    'failed to get `x` Caused by: spurious',
  )
  expect(complaintOf('')).toBe('it gave no reason')
})

function asJson(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each))
}
