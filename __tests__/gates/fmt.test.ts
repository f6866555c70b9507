import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { formatArguments, formatGate } from '../../src/gates/fmt.ts'
import { Cancelled, Failed } from '../../src/report/ending.ts'
import { apiAndWorker, hello, madeProject, manifestOf } from '../made-project.ts'
import { gateEnvironment, judged, told, toolchainProgram } from './judged.ts'

test('every place that differs is a finding at the line where it differs', async () => {
  const lines = ['pub fn a() {}', 'pub fn b() {}', 'pub fn c() {}', 'pub fn d() {}', 'pub fn e() {}', 'pub fn f() {}']
  using project = madeProject(
    hello({
      'src/main.rs': `mod x;\nfn main( ) {}\n`,
      'src/x.rs': `${lines.join('\n')}\n  pub fn g() {}\n${lines.join('\n')}\npub   fn h() {}\n`,
    }),
  )
  const { options, lines: log } = judged(project.folder)
  const verdict = await formatGate(options)
  expect(verdict).toMatchObject({ gate: 'fmt', passed: false, counts: { errors: 3, warnings: 0 } })
  expect(verdict.said).toBe('2 files are not formatted: run `cargo fmt --all`.')
  expect(told(verdict.findings)).toEqual([
    'src/main.rs:2 error Not formatted: rustfmt writes this in another way:',
    'src/x.rs:7 error Not formatted: rustfmt writes this in another way:',
    'src/x.rs:14 error Not formatted: rustfmt writes this in another way:',
  ])
  expect(verdict.findings[0]?.message).toContain('-fn main( ) {}\n+fn main() {}')
  expect(log.join('\n')).toContain('Diff in')
})

test('formatted code passes', async () => {
  using project = madeProject(hello({ 'src/main.rs': 'fn main() {}\n' }))
  expect(await formatGate(judged(project.folder).options)).toEqual({
    gate: 'fmt',
    passed: true,
    counts: { errors: 0, warnings: 0 },
    said: 'Every file is formatted.',
    findings: [],
  })
})

test('packages of several editions are all judged, from the folder of any of them, and each file once', async () => {
  using project = madeProject({
    ...apiAndWorker(),
    'api/Cargo.toml': manifestOf('api').replace('2021', '2018'),
    'api/src/main.rs': 'mod shared;\nfn main( ) {}\n',
    'api/src/lib.rs': 'mod shared;\n',
    'api/src/shared.rs': 'fn x( ) {}\n',
    'api/build.rs': 'fn main( ) {}\n',
    'worker/src/main.rs': 'fn main( ) {}\n',
  })
  const { options } = judged(join(project.folder, 'api'), { repository: project.folder })
  const { findings } = await formatGate(options)
  expect(findings.map(({ place }) => place?.file).sort()).toEqual([
    'api/build.rs',
    'api/src/main.rs',
    'api/src/shared.rs',
    'worker/src/main.rs',
  ])
})

test('a path dependency of another workspace is not ours, and the repository may be larger than the workspace', async () => {
  using project = madeProject({
    'rust/Cargo.toml': manifestOf('hello', '[dependencies]\nother = { path = "../other" }\n'),
    'rust/src/main.rs': 'fn main( ) {}\n',
    'other/Cargo.toml': `${manifestOf('other')}[workspace]\n`,
    'other/src/lib.rs': 'pub fn x( ) {}\n',
  })
  const { options } = judged(join(project.folder, 'rust'), { repository: project.folder })
  const { findings } = await formatGate(options)
  expect(findings.map(({ place }) => place)).toEqual([{ file: 'rust/src/main.rs', line: 1 }])
})

test('a repository that is reached through a link has the same places', async () => {
  using project = madeProject(hello({ 'src/main.rs': 'fn main( ) {}\n' }))
  using elsewhere = madeProject({})
  const link = join(elsewhere.folder, 'link')
  symlinkSync(project.folder, link)
  const { findings } = await formatGate(judged(link).options)
  expect(findings.map(({ place }) => place?.file)).toEqual(['src/main.rs'])
})

test("the project's own rustfmt.toml decides", async () => {
  using project = madeProject(
    hello({ 'src/main.rs': 'fn main() {\n  print!("");\n}\n', 'rustfmt.toml': 'tab_spaces = 2\n' }),
  )
  expect(await formatGate(judged(project.folder).options)).toMatchObject({ passed: true })
})

test('lines that end in the wrong way', async () => {
  using project = madeProject(hello({ 'src/main.rs': 'fn main() {}\r\n', 'rustfmt.toml': 'newline_style = "Unix"\n' }))
  const { findings, passed } = await formatGate(judged(project.folder).options)
  expect(passed).toBe(false)
  expect(told(findings)).toEqual([
    'src/main.rs:- error Not formatted: Its lines end in a way that rustfmt.toml does not allow.',
  ])
})

test('code that cannot be read is said so at its place, and the other files are judged all the same', async () => {
  using project = madeProject({
    ...apiAndWorker(),
    'api/src/main.rs': 'fn main() {\n    let x = ;\n}\n',
    'worker/src/main.rs': 'mod missing;\nfn main( ) {}\n',
    'worker/src/lib.rs': 'fn x( ) {}\n',
  })
  const { findings, said, passed } = await formatGate(judged(project.folder).options)
  expect(passed).toBe(false)
  expect(told(findings).sort()).toEqual([
    expect.stringMatching(/^-:- error Not readable for rustfmt: .*missing\.rs/),
    'api/src/main.rs:2 error Not readable for rustfmt: expected expression, found `;`',
    'worker/src/lib.rs:1 error Not formatted: rustfmt writes this in another way:',
  ])
  expect(said).toBe('1 file is not formatted: run `cargo fmt --all`. rustfmt cannot read the code in 2 places.')
})

test('a wrong rustfmt.toml is no verdict but a sentence', async () => {
  using project = madeProject(hello({ 'rustfmt.toml': 'max_width = = 3\n' }))
  await expect(formatGate(judged(project.folder).options)).rejects.toThrow(
    /^rustfmt could not judge the code .*rustfmt.toml|^rustfmt could not judge the code .*TOML/s,
  )
})

test('no rustfmt, and a run that was stopped', async () => {
  using project = madeProject(hello())
  const { options } = judged(project.folder)
  mkdirSync(join(project.folder, 'bin'))
  symlinkSync(toolchainProgram('cargo'), join(project.folder, 'bin/cargo'))
  symlinkSync(toolchainProgram('rustc'), join(project.folder, 'bin/rustc'))
  const environment = { ...gateEnvironment(project.folder), PATH: join(project.folder, 'bin') }
  await expect(formatGate({ ...options, environment })).rejects.toThrow(Failed)
  await expect(formatGate({ ...options, environment })).rejects.toThrow('rustfmt is not on the PATH')
  await expect(formatGate({ ...options, signal: AbortSignal.abort() })).rejects.toThrow(Cancelled)
})

test('a toolchain without rustfmt is told how to get it', async () => {
  using project = madeProject(hello())
  const { options } = judged(project.folder)
  // What rustup puts on the PATH says this in its place.
  const said = "error: 'rustfmt' is not installed for the toolchain 'stable-x86_64-unknown-linux-gnu'"
  const bin = join(project.folder, 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'rustfmt'), `#!/bin/sh\necho "${said}" >&2\nexit 1\n`, { mode: 0o755 })
  const environment = { ...options.environment, PATH: `${bin}:${process.env['PATH']}` }
  await expect(formatGate({ ...options, environment })).rejects.toThrow('`rustup component add rustfmt`')
})

test('one call for each edition, and one file once', () => {
  const target = (path: string, edition: string) => ({ path, edition, hasDoctests: false })
  expect(formatArguments([target('/a', '2021'), target('/b', '2018'), target('/a', '2021')], true)).toEqual([
    ['--check', '--edition', '2018', '--color', 'always', '/b'],
    ['--check', '--edition', '2021', '--color', 'always', '/a'],
  ])
})
