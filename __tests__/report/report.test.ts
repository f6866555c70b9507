import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { annotationsOf } from '../../src/report/annotations.ts'
import type { Finding } from '../../src/report/finding.ts'
import { inert } from '../../src/report/inert.ts'
import { code, inline, prose } from '../../src/report/markdown.ts'
import { Redaction } from '../../src/report/redact.ts'
import { type Report, reportSchema } from '../../src/report/report.ts'
import { summaryOf } from '../../src/report/summary.ts'

const findings = (level: Finding['level'], count: number): Finding[] =>
  Array.from({ length: count }, (_, index) => ({ level, title: level, message: `${level} ${index}` }))

const report = (more: Partial<Report> = {}): Report => ({
  schema: 1,
  status: 'built',
  command: 'build',
  environment: '',
  began: '2026-11-21T12:00:00.000Z',
  seconds: 75,
  problems: [],
  commit: { sha: 'a'.repeat(40), branch: 'main', tags: [], dirty: [] },
  packages: [{ name: 'hello', version: '1.2.3' }],
  toolchain: { rustc: '1.95.0', host: 'x86_64-unknown-linux-gnu' },
  steps: [
    { name: 'fetch', title: 'Fetch dependencies', state: 'done', startedAt: 10, seconds: 0.5 },
    { name: 'build', title: 'Build: a #1', state: 'failed', startedAt: 510, seconds: 65, reason: 'x', undo: 'done' },
  ],
  findings: [],
  gates: [{ gate: 'clippy', passed: false, errors: 0, warnings: 2, said: 'clippy found 2 warnings.' }],
  caches: [{ name: 'dependencies', hit: 'exact', key: 'rd1-x', restoredBytes: 12, restoreSeconds: 0.5 }],
  units: {
    cooked: { compiled: 0, fresh: 0, packages: [] },
    dependencies: { compiled: 0, fresh: 40, packages: [] },
    project: { compiled: 1, fresh: 0, packages: ['hello'] },
  },
  advice: ['`strip = "symbols"` would save 1.2 MB.'],
  binaries: [
    { package: 'hello', version: '1.2.3', name: 'hello', path: '/x/hello', size: 1_700_000, sha256: 'b'.repeat(64) },
  ],
  artifacts: [{ name: 'hello', id: 7, bytes: 12 }],
  ...more,
})

test('annotations stay within the quota, errors first, and one line counts the rest', () => {
  const shown = annotationsOf([...findings('notice', 12), ...findings('warning', 3), ...findings('error', 25)])
  const count = (level: string) => shown.filter((finding) => finding.level === level).length
  expect([count('error'), count('warning'), count('notice')]).toEqual([10, 3, 10])
  expect(shown[0]?.level).toBe('error')
  expect(shown.at(-1)?.message).toBe('15 more errors and 3 more notices: see the job summary and report.json.')
  expect(annotationsOf(findings('error', 10))).toHaveLength(10)
  expect(annotationsOf(findings('error', 11)).at(-1)?.message).toBe(
    '1 more error: see the job summary and report.json.',
  )
})

test('text of others cannot command the runner', () => {
  for (const line of [
    '::set-output name=a::b',
    '  \t::add-mask::x',
    'a ##[add-path]/evil',
    'a\r::error::b',
    'a\n::error::b',
    '\u0085::error::b',
  ]) {
    const lines = inert(line).split('\n')
    const token = /^::stop-commands::(.+)$/.exec(lines[0] ?? '')?.[1]
    expect(token).toMatch(/^[0-9a-f-]{36}$/)
    expect(lines.at(-1)).toBe(`::${token}::`)
    expect(inert(line)).not.toContain('\r')
  }
  expect(inert('a :: b')).toBe('a :: b')
})

test('a secret is hidden in every form that it takes', () => {
  const redaction = new Redaction()
  redaction.hide(['ghs_a b', 'line one\nline two', ''])
  const basic = Buffer.from('x-access-token:ghs_a b').toString('base64')
  expect(redaction.apply(`ghs_a b | ghs_a%20b | ${basic} | line two | ghs_c`)).toBe('*** | *** | *** | *** | ghs_c')
  expect(new Redaction().apply('nothing')).toBe('nothing')
})

test('markdown cannot be broken out of', () => {
  expect(inline('a|b\n<script>`x`')).toBe('a\\|b &lt;script&gt;\\`x\\`')
  expect(code('a`b``c|d\ne')).toBe('```a`b``c\\|d e```')
  expect(code('`')).toBe('`` ` ``')
})

test('the summary answers in the order of the questions', () => {
  const text = summaryOf(
    report({
      status: 'failed',
      problems: ['cargo build failed: x\nDo <this>.'],
      commit: { sha: 'a'.repeat(40), tags: [], dirty: ['src/a.rs', 'b'] },
      findings: [...findings('warning', 1), ...findings('error', 1)],
    }),
  )
  expect(text).toContain('### ❌ hello 1.2.3: failed in 1 min 15 s')
  expect(text).toContain('> cargo build failed: x<br>\n> Do &lt;this&gt;.')
  expect(text).toContain('differs from the commit `aaaaaaaaaaaa`: `src/a.rs` and `b`.')
  expect(text).toContain('| Build: a \\#1 | ❌ failed after 1 min 05 s, then undone |')
  expect(text).toContain('    Build  a  1 :crit, 510, 65510')
  expect(text).toContain('| clippy | ❌ clippy found 2 warnings. |')
  const order = ['| clippy |', '**error**', '**warning**', '| `hello` |', '| Cache |', 'What could be better']
  const places = order.map((mark) => text.indexOf(mark))
  expect(places).toEqual(places.toSorted((a, b) => a - b))
  expect(places[0]).toBeGreaterThan(0)
})

test('a gate that passed and found something is marked as what it is', () => {
  const clippy = { gate: 'clippy', said: 'x' }
  const markOf = (gate: { passed: boolean; errors: number; warnings: number }) =>
    /^\| clippy \| (\S+) x \|$/m.exec(summaryOf(report({ gates: [{ ...clippy, ...gate }] })))?.[1]
  expect(markOf({ passed: true, errors: 0, warnings: 0 })).toBe('✅')
  expect(markOf({ passed: true, errors: 0, warnings: 2 })).toBe('⚠️')
  expect(markOf({ passed: false, errors: 0, warnings: 2 })).toBe('❌')
  expect(markOf({ passed: false, errors: 1, warnings: 0 })).toBe('❌')
})

test('sentences in a cell: code is code, addresses lead somewhere, and nothing else is markup', () => {
  expect(prose('Run `cargo update a@1 | b` now:\n  <b> https://x.example/a_b#c. *x*\n')).toBe(
    'Run `cargo update a@1 \\| b` now:<br>\u00a0\u00a0&lt;b&gt; <https://x.example/a_b#c>. \\*x\\*',
  )
})

test('a finding leads to its line, where it is known on which server that is', () => {
  const place = { file: 'src/my file.rs', line: 3 }
  const finding = { level: 'error', title: 't', message: 'm', place } as const
  const commit = { sha: 'a'.repeat(40), tags: [], dirty: [] }
  const text = summaryOf(report({ findings: [finding], commit, repository: 'https://github.example/o/r' }))
  expect(text).toContain(
    `[\`src/my file.rs:3\`](https://github.example/o/r/blob/${'a'.repeat(40)}/src/my%20file.rs#L3)`,
  )
  expect(summaryOf(report({ findings: [finding] }))).toContain('| `src/my file.rs:3` |')
})

test('what the gates said is not said twice', () => {
  const said = 'clippy found 2 warnings.'
  expect(summaryOf(report({ problems: [`${said}\nNo room.`] }))).toContain('> No room.\n')
  expect(summaryOf(report({ problems: [said] }))).not.toContain('> ')
})

test('a summary that the runner would throw away becomes one that it takes', () => {
  const message = 'é'.repeat(1024)
  const many = Array.from({ length: 100 }, () => ({ level: 'error', title: 't', message: message.repeat(11) }) as const)
  expect(Buffer.byteLength(summaryOf(report({ findings: many })))).toBeLessThan(1000)
})

test('the published schema accepts a report and refuses what is none', () => {
  const published = JSON.parse(readFileSync('docs/report.schema.json', 'utf8'))
  expect(published).toEqual(JSON.parse(JSON.stringify(reportSchema)))
  const validate = new Ajv({ strict: true }).compile(published)
  expect(validate(report()) || validate.errors).toBe(true)
  expect(
    validate(report({ findings: [{ level: 'error', title: '', message: '', place: { file: 'a', line: 1 } }] })),
  ).toBe(true)
  for (const wrong of [
    { ...report(), status: 'great' },
    { ...report(), more: 1 },
    { ...report(), steps: undefined },
  ]) {
    expect(validate(JSON.parse(JSON.stringify(wrong)))).toBe(false)
  }
})
