import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { expect, test } from 'vitest'
import { CompiledUnits } from '../../src/pipeline/compiled.ts'
import type { Surroundings } from '../../src/pipeline/facts.ts'
import { gateSteps } from '../../src/pipeline/gating.ts'
import { leniencyOf } from '../../src/pipeline/judging-dependencies.ts'
import { runPipeline } from '../../src/pipeline/runner.ts'
import { besideEachOther } from '../../src/pipeline/step.ts'
import { wantedGates } from '../../src/pipeline/wanted-gates.ts'
import { plainDisplay } from '../../src/report/plain.ts'
import type { Name } from '../../src/settings/table.ts'
import { gateEnvironment } from '../gates/judged.ts'
import { WARNS } from '../gates/judged-clippy.ts'
import { hello, hostTriple, madeProject } from '../made-project.ts'
import { startReleaseServer } from '../toolchain/tools/release-server.ts'
import { factsOf, headOf } from './made-facts.ts'
import { toolless } from './toolless.ts'

type Gating = { explains?: boolean; surroundings?: Partial<Surroundings>; signal?: AbortSignal }

/** Runs the gates of a project as a run does, and nothing else of it. */
async function gated(folder: string, settings: Partial<Record<Name, string>>, more: Gating = {}) {
  const { explains = false, surroundings, signal = new AbortController().signal } = more
  const facts = await factsOf(folder, { command: 'check', ...settings }, surroundings)
  const compiled = new CompiledUnits(facts.lock)
  const gates = gateSteps(facts, { compiled, explains: () => explains })
  let log = ''
  const display = plainDisplay((text) => {
    log += text
  })
  const end = await runPipeline([besideEachOther([...gates.compiling], ...gates.quick.map((gate) => [gate]))], {
    ...{ display, signal, dryRun: false, began: Date.now() },
  })
  const states = end.records.map(({ name, state }) => `${name} ${state}`)
  return { records: gates.records(), findings: end.findings, failure: end.failure, states, compiled, log }
}

/** A PATH on which a program comes first that notes its arguments, and then is the real one. */
function noting(
  folder: string,
  program: string,
): { environment: Record<string, string | undefined>; noted: () => string[] } {
  const bin = join(folder, 'target/bin')
  const notes = join(folder, 'target/notes')
  const environment = gateEnvironment(folder)
  mkdirSync(bin, { recursive: true })
  writeFileSync(
    join(bin, program),
    `#!/bin/sh\necho "$*" >> '${notes}'\nPATH="\${PATH#*${delimiter}}" exec ${program} "$@"\n`,
    { mode: 0o755 },
  )
  writeFileSync(notes, '')
  return {
    environment: { ...environment, PATH: `${bin}${delimiter}${environment['PATH']}` },
    noted: () =>
      readFileSync(notes, 'utf8')
        .split('\n')
        .filter((line) => line !== ''),
  }
}

test('every gate has its record, each finding is told once, and cargo is asked about the project once', async () => {
  using project = madeProject(
    hello({ 'src/main.rs': `${WARNS}#[test]\nfn wrong() {\n    let x: u32 = "";\n}\n`.replace('{}\n}', '{ }\n}') }),
  )
  const { environment, noted } = noting(project.folder, 'cargo')
  const gates = await gated(project.folder, { gates: 'fmt, clippy, test' }, { surroundings: { environment } })
  expect(gates.states.toSorted()).toEqual(['clippy failed', 'fmt failed', 'test failed'])
  expect(gates.records).toEqual([
    { gate: 'fmt', passed: false, errors: 1, warnings: 0, said: '1 file is not formatted: run `cargo fmt --all`.' },
    expect.objectContaining({ gate: 'clippy', passed: false, warnings: 0 }),
    { gate: 'test', passed: false, errors: 1, warnings: 0, said: 'The tests do not compile: 1 error.' },
  ])
  expect(gates.findings.filter(({ title }) => title === 'E0308')).toHaveLength(1)
  expect(gates.findings.find(({ title }) => title === 'clippy::len_zero')).toMatchObject({ level: 'error' })
  // The first time before there is any gate: that is how the project was found.
  expect(noted().filter((args) => args.startsWith('metadata'))).toHaveLength(2)
})

test('clippy:warn passes what lints find, and fails for code that does not compile', async () => {
  using project = madeProject(hello({ 'src/main.rs': WARNS }))
  const warned = await gated(project.folder, { gates: 'clippy:warn' })
  expect([warned.states, warned.records]).toMatchObject([['clippy done'], [{ passed: true, errors: 0, warnings: 1 }]])
  expect(warned.findings).toMatchObject([{ level: 'warning', title: 'clippy::len_zero' }])
  writeFileSync(join(project.folder, 'src/main.rs'), 'fn main() {\n    nothing()\n}\n')
  const wrong = await gated(project.folder, { gates: 'clippy:warn' })
  expect(wrong.failure?.error).toMatchObject({ message: 'The code does not compile: clippy found 1 error.' })
})

test('a gate that cannot judge fails and stands among the others, but with :warn it is only reported', async () => {
  using project = madeProject(hello({ 'src/main.rs': 'fn main() {}\n' }))
  // A lock file that does not fit: no finding of clippy's, and no reason to let it pass unseen.
  appendFileSync(join(project.folder, 'Cargo.toml'), '[dependencies]\nnobody = "1"\n')
  const strict = await gated(project.folder, { gates: 'fmt, clippy' })
  expect(strict.states.toSorted()).toEqual(['clippy failed', 'fmt done'])
  expect(strict.records).toMatchObject([
    { gate: 'fmt', passed: true },
    { gate: 'clippy', passed: false, errors: 1, warnings: 0 },
  ])
  expect(strict.failure?.error).toMatchObject({ message: strict.records[1]?.said })

  const warned = await gated(project.folder, { gates: 'clippy:warn' })
  expect(warned.states).toEqual(['clippy done'])
  expect(warned.records).toEqual([
    {
      ...{ gate: 'clippy', passed: true, errors: 0, warnings: 1 },
      said: 'clippy could not judge, and `clippy:warn` only reports that.',
    },
  ])
  expect(warned.findings).toEqual([
    { level: 'warning', title: 'clippy could not judge', message: strict.records[1]?.said },
  ])
})

test('a tool that cannot be had', async () => {
  using project = madeProject(hello({ 'deny.toml': '' }))
  const { environment } = toolless(project.folder)
  // Nothing can be put into a folder that is a file.
  const surroundings = { environment, scratch: join(project.folder, 'Cargo.toml') }
  const warned = await gated(project.folder, { gates: 'deny:warn' }, { surroundings })
  expect(warned.records).toMatchObject([{ gate: 'deny', passed: true, errors: 0, warnings: 1 }])
  expect(warned.findings).toMatchObject([
    {
      level: 'warning',
      title: 'deny could not judge',
      message: expect.stringMatching(/^cargo-deny could not be installed: /),
    },
  ])
})

test('deny looks for its configuration before anything is compiled for it', async () => {
  await using mirror = await startReleaseServer()
  using project = madeProject(hello())
  const { environment, compiled } = toolless(project.folder)
  const settings = { gates: 'deny:warn', 'tools-mirror': mirror.url }
  const warned = await gated(project.folder, settings, { surroundings: { environment } })
  expect(warned.findings).toMatchObject([
    { title: 'deny could not judge', message: expect.stringMatching(/^The gate `deny` needs a deny\.toml/) },
  ])
  expect([compiled(), mirror.asked]).toEqual([[], []])
})

const served = (url: string) => ({ '.cargo/audit.toml': `[database]\nurl = "${url}"\n` })

test('cargo-audit is not compiled for a database that cannot be had', async () => {
  await using server = await startReleaseServer()
  using project = madeProject(hello(served(`${server.url}/advisory-db`)))
  const { environment, compiled } = toolless(project.folder)
  const settings = { gates: 'audit', 'tools-mirror': server.url }
  const strict = await gated(project.folder, settings, { surroundings: { environment } })
  const said = 'Nothing was audited, because the advisory database cannot be had.'
  expect(strict.records).toEqual([{ gate: 'audit', passed: false, errors: 1, warnings: 0, said }])
  expect(strict.findings).toEqual([
    {
      level: 'error',
      title: 'Nothing was audited',
      message: expect.stringMatching(
        /^The advisory database cannot be had: .*\/advisory-db\/' not found\.\nCheck that this machine reaches /,
      ),
    },
  ])
  const warned = await gated(project.folder, { ...settings, gates: 'audit:warn' }, { surroundings: { environment } })
  expect(warned.findings).toMatchObject([{ level: 'warning', title: 'Nothing was audited' }])
  expect(warned.states).toEqual(['audit done'])
  expect(compiled()).toEqual([])
})

test('cargo-audit is compiled where there is a database, or where git cannot say', async () => {
  await using mirror = await startReleaseServer()
  using database = madeProject({ 'crates/.gitkeep': '' })
  const compiledFor = async (url: string, git?: string) => {
    using project = madeProject(hello(served(url)))
    const { environment, compiled } = toolless(project.folder, git)
    const settings = { gates: 'audit', 'tools-mirror': mirror.url }
    const { records } = await gated(project.folder, settings, { surroundings: { environment } })
    expect(records).toMatchObject([{ said: expect.stringMatching(/^cargo-audit \S+ could not be compiled: /) }])
    return compiled()
  }
  expect(await compiledFor(`file://${database.folder}`)).toEqual(['cargo-audit'])
  const gone = `${mirror.url}/advisory-db`
  expect(await compiledFor(gone, 'kill -9 $$')).toEqual(['cargo-audit'])
  // cargo-audit has authorities of its own.
  const distrusts = 'echo "fatal: unable to access: server certificate verification failed." >&2; exit 128'
  expect(await compiledFor(gone, distrusts)).toEqual(['cargo-audit'])
})

test('an older database is judged by, whether its server answers or not', async () => {
  await using server = await startReleaseServer()
  using project = madeProject(hello({ '.cargo/audit.toml': `[database]\npath = "old"\nurl = "${server.url}/db"\n` }))
  mkdirSync(join(project.folder, 'old'))
  const { environment, compiled } = toolless(project.folder)
  await gated(project.folder, { gates: 'audit', 'tools-mirror': server.url }, { surroundings: { environment } })
  expect(compiled()).toEqual(['cargo-audit'])
})

test('a run that was stopped is no verdict', async () => {
  using project = madeProject(hello())
  const stopped = await gated(project.folder, { gates: 'clippy:warn' }, { signal: AbortSignal.abort() })
  expect([stopped.states, stopped.records, stopped.findings]).toEqual([['clippy cancelled'], [], []])
})

test('the target of the tests is that of clippy too', async () => {
  using project = madeProject(hello({ 'src/main.rs': 'fn main() {}\n' }))
  const { environment, noted } = noting(project.folder, 'cargo')
  await gated(
    project.folder,
    { gates: 'clippy', 'test-target': 'riscv64gc-unknown-none-elf' },
    { surroundings: { environment } },
  )
  const clippyOf = () => noted().filter((args) => args.startsWith('clippy '))
  expect(clippyOf()).toEqual([expect.stringContaining(' --target riscv64gc-unknown-none-elf ')])
  await gated(project.folder, { gates: 'clippy', 'test-target': hostTriple() }, { surroundings: { environment } })
  expect(clippyOf().at(-1)).not.toContain('--target')
})

test('cargo says why it compiles, if the cache should have spared that', async () => {
  using project = madeProject(hello({ 'src/main.rs': 'fn main() {}\n', 'tests/it.rs': '#[test]\nfn it() {}\n' }))
  const settings = { gates: 'clippy, test' }
  expect((await gated(project.folder, settings)).compiled.reasons).toEqual([])
  appendFileSync(join(project.folder, 'src/main.rs'), '\n')
  const { compiled, log } = await gated(project.folder, settings, { explains: true })
  expect(compiled.reasons).toEqual([expect.stringContaining('Dirty hello'), expect.stringContaining('Dirty hello')])
  expect(log).not.toMatch(/ (Dirty|Fresh) |Running `/)
})

test('the setting says who runs the tests', () => {
  const named = (...gates: string[]) => wantedGates({ gates }).map(({ name, mode, nextest }) => [name, mode, nextest])
  expect(named('test', 'clippy:warn', 'fmt')).toEqual([
    ['fmt', 'deny', false],
    ['clippy', 'warn', false],
    ['test', 'deny', false],
  ])
  expect(named('test:nextest')).toEqual([['test', 'deny', true]])
})

test('only a pull request that is known to leave Cargo.lock alone may go without a database', async () => {
  using project = madeProject(hello())
  const { signal } = new AbortController()
  const leniency = async (eventName: string, sha = headOf(project.folder)) => {
    const environment = { ...gateEnvironment(project.folder), GITHUB_SHA: sha }
    const event = { name: eventName, ref: '', refType: undefined, defaultBranch: undefined, isFork: false }
    return leniencyOf(await factsOf(project.folder, {}, { environment, event }), signal)
  }
  const unknown = { lenient: false, hint: expect.stringContaining('check out with `fetch-depth: 2`') }
  // Of one commit nobody knows what it changed.
  expect(await leniency('pull_request')).toEqual(unknown)
  appendFileSync(join(project.folder, 'src/main.rs'), '\n')
  project.commit()
  expect(await leniency('pull_request')).toEqual({ lenient: true })
  expect(await leniency('push')).toEqual({ lenient: false })
  // Some other commit than the merge was checked out.
  expect(await leniency('pull_request', 'f'.repeat(40))).toEqual(unknown)
  appendFileSync(join(project.folder, 'Cargo.lock'), '# more\n')
  project.commit()
  expect(await leniency('pull_request')).toEqual({ lenient: false })
})
