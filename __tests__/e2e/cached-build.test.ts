import { readdirSync, readFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Github, startGithub } from '../lab/github/github.ts'
import { run } from '../lab/ground/command.ts'
import { need } from '../lab/ground/need.ts'
import type { RustupHome } from '../lab/rustup/home.ts'
import { rustupPart } from '../lab/rustup/part.ts'
import { type MadeProject, madeProject, manifestOf } from '../made-project.ts'
import { bareRust, GNU, Machine, MUSL, type Ran, wholeRust } from './thrown-away-machine.ts'

beforeEach((context) => need(context, 'rustup', rustupPart.whyNot()))

const stack = new AsyncDisposableStack()
afterAll(() => stack.disposeAsync())

let rust: RustupHome
let locks: { old: string; new: string; withoutItoa: string }

beforeAll(async () => {
  if (rustupPart.whyNot() !== undefined) return
  rust = await wholeRust(stack)
  locks = await madeLocks()
})

const BOTH = 'cfg-if = "1"\nitoa = "1"\n'
const ONE = 'cfg-if = "1"\n'

function manifest(dependencies: string, version = '0.1.0'): string {
  return manifestOf('small', `[dependencies]\n${dependencies}`).replace('version = "0.1.0"', `version = "${version}"`)
}

const source = (word: string) => `fn main() {\n    println!("${word}");\n}\n\n#[test]\nfn works() {}\n`

function small(): MadeProject {
  return madeProject({
    'Cargo.toml': manifest(BOTH),
    'Cargo.lock': locks.old,
    'src/main.rs': source('first'),
    '.gitignore': 'target\n',
  })
}

async function madeLocks() {
  using project = madeProject({ 'Cargo.toml': manifest(BOTH), 'src/main.rs': source('') })
  const at = { cwd: project.folder, env: rust.env }
  const lock = () => readFileSync(join(project.folder, 'Cargo.lock'), 'utf8')
  await run(['cargo', 'update', '--package', 'itoa', '--precise', '1.0.14'], at)
  const old = lock()
  await run(['cargo', 'update', '--package', 'itoa', '--precise', '1.0.15'], at)
  const newer = lock()
  const withoutItoa = newer.replace(/\[\[package\]\]\nname = "itoa"[^[]*/, '').replace(' "itoa",\n', '')
  return { old, new: newer, withoutItoa }
}

/** With the toolchain that is there, and a cargo home of its own which each job finds empty. */
function machineFor(project: MadeProject, cargoHome = join(rust.folder, 'home-of-jobs')): Machine {
  return new Machine(project, { ...rust.env, CARGO_HOME: cargoHome }, [cargoHome])
}

const TINY = { gates: 'none', target: GNU, artifact: 'none' }
const READING = { ...TINY, cache: 'read' }

/** How many units of dependencies were compiled ahead and after that, and how many were found compiled. */
function counts({ report: { units } }: Ran) {
  const { cooked, dependencies } = units
  return { cooked: cooked.packages, compiled: dependencies.packages, fresh: dependencies.fresh }
}

const WARM = { cooked: [], compiled: [], fresh: 2 }

function succeeded(ran: Ran): Ran {
  expect([ran.outcome, ran.annotations], ran.log.join('\n')).toEqual(['success', []])
  return ran
}

/** What a later run could find, by the first parts of its keys. */
function stored(github: Github): string[] {
  const finished = github.caches.list().filter(({ content }) => content !== undefined)
  return finished.map(({ key }) => key.split('-').slice(0, 2).join('-'))
}

const BOTH_CACHES = ['rd1-home', 'rd1-deps']

test('the example from nothing, and a line later: all of its dependencies are fresh', async () => {
  await using rustOfItsOwn = new AsyncDisposableStack()
  const { env } = await bareRust(rustOfItsOwn)
  using project = madeProject(example())
  await using github = await startGithub()
  const { CARGO_HOME = '', RUSTUP_HOME = '' } = env
  const machine = new Machine(project, env, [RUSTUP_HOME, ...['registry', 'git'].map((name) => join(CARGO_HOME, name))])
  const job = async (inputs: Record<string, string>) => succeeded(await machine.run(github, { inputs }))
  const check = () => job({ command: 'check', gates: 'fmt, clippy, test' })
  const build = () => job({ command: 'build', gates: 'none', target: MUSL })

  const checked = await check()
  expect(checked.report.status).toBe('checked')
  expect(checked.log.join('\n')).toMatch(/Installing Rust stable/)
  const built = await build()
  expect(built.report.binaries).toMatchObject([{ target: MUSL, proof: { static: true } }])
  // What was downloaded for the gates is found. What they compiled is of no use to a build.
  expect([built.home.hit, built.dependencies.hit]).toEqual(['prefix', 'none'])
  expect(checked.report.gates.map(({ gate, passed }) => [gate, passed])).toEqual([
    ['fmt', true],
    ['clippy', true],
    ['test', true],
  ])
  for (const { report } of [checked, built]) {
    expect(report.units.cooked.packages).toEqual(expect.arrayContaining(['axum', 'serde_derive', 'tokio']))
    expect(report.units.dependencies).toMatchObject({ compiled: 0, packages: [] })
  }

  const main = readFileSync(join(project.folder, 'src/main.rs'), 'utf8')
  machine.write({ 'src/main.rs': main.replace('the configuration is good', 'the configuration is fine') })
  for (const [before, after] of [
    [checked, await check()],
    [built, await build()],
  ] as const) {
    expect([after.home.hit, after.dependencies.hit]).toEqual(['exact', 'exact'])
    const { cooked, dependencies, project: own } = after.report.units
    expect([cooked.compiled + cooked.fresh, dependencies.compiled]).toEqual([0, 0])
    expect(dependencies.fresh).toBe(before.report.units.dependencies.fresh)
    expect(own.packages).toEqual(['hello'])
  }
  expect(stored(github)).toEqual([...BOTH_CACHES, ...BOTH_CACHES])
}, 1_800_000)

/** A copy of the example, as it is committed. */
function example(): Record<string, string> {
  const folder = join(import.meta.dirname, '../../examples/hello')
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)))
    .filter((path) => !path.startsWith('target'))
  const files = paths.map((path) => [path, readFileSync(join(folder, path), 'utf8')])
  return { ...Object.fromEntries(files), '.gitignore': 'target\n' }
}

test('cold, warm, another version of ours and of a dependency, and one dependency less', async () => {
  using project = small()
  await using github = await startGithub()
  const machine = machineFor(project)
  const built = async () => succeeded(await machine.run(github, { inputs: TINY }))

  const cold = await built()
  expect([cold.home.hit, cold.dependencies.hit]).toEqual(['none', 'none'])
  expect(counts(cold)).toEqual({ cooked: ['cfg-if', 'itoa'], compiled: [], fresh: 2 })
  expect(stored(github)).toEqual(BOTH_CACHES)

  machine.write({ 'src/main.rs': source('second') })
  const warm = await built()
  expect([warm.home.hit, warm.dependencies.hit]).toEqual(['exact', 'exact'])
  expect(counts(warm)).toEqual(WARM)
  expect(warm.report.units.project.packages).toEqual(['small'])
  expect(warm.log).toContain('2 units of dependencies, all out of the cache')
  expect(warm.log.filter((line) => /Download/.test(line))).toEqual([])

  machine.write({ 'Cargo.toml': manifest(BOTH, '0.2.0'), 'Cargo.lock': locks.old.replace('"0.1.0"', '"0.2.0"') })
  const released = await built()
  expect([released.home.hit, released.dependencies.hit]).toEqual(['exact', 'exact'])
  expect(counts(released)).toEqual(WARM)
  expect(stored(github)).toEqual(BOTH_CACHES)

  machine.write({ 'Cargo.toml': manifest(BOTH), 'Cargo.lock': locks.new })
  const bumped = await built()
  expect(bumped.dependencies.hit).toBe('prefix')
  expect(counts(bumped)).toEqual({ cooked: ['itoa'], compiled: [], fresh: 2 })
  expect(sweptIn(bumped)).toEqual(['itoa'])
  expect(counts(await built())).toEqual(WARM)

  machine.write({ 'Cargo.toml': manifest(ONE), 'Cargo.lock': locks.withoutItoa })
  const smaller = await built()
  expect(smaller.dependencies.hit).toBe('prefix')
  expect(counts(smaller)).toEqual({ cooked: [], compiled: [], fresh: 1 })
  expect(sweptIn(smaller)).toEqual(['itoa'])
  const last = await built()
  expect([last.dependencies.hit, counts(last)]).toEqual(['exact', { ...WARM, fresh: 1 }])
  expect(unitsBelow(project)).toEqual(['cfg-if', 'small'])
})

test('nothing is taken over to another target, image or cargo home', async () => {
  using project = small()
  await using github = await startGithub()
  const machine = machineFor(project)
  const elsewhere = machineFor(project, join(rust.folder, 'another-home'))
  succeeded(await machine.run(github, { inputs: TINY }))

  const cold = { cooked: [], compiled: ['cfg-if', 'itoa'], fresh: 0 }
  const target = succeeded(await machine.run(github, { inputs: { ...READING, target: MUSL } }))
  const image = succeeded(await machine.run(github, { inputs: READING, env: { ImageOS: 'ubuntu26' } }))
  const home = succeeded(await elsewhere.run(github, { inputs: READING }))
  for (const ran of [target, image, home]) expect([ran.dependencies.hit, counts(ran)]).toEqual(['none', cold])
  // What was downloaded is the same on every machine, and for another target most of it.
  expect([target, image, home].map((ran) => ran.home.hit)).toEqual(['prefix', 'exact', 'exact'])
  expect(counts(succeeded(await machine.run(github, { inputs: READING })))).toEqual(WARM)
})

test('what something else linked is left alone, and what the same linked is looked for', async () => {
  using project = small()
  await using github = await startGithub()
  const machine = machineFor(project)
  const linking = (name: string) => name.slice(name.lastIndexOf('-') + 1)
  const ofDependencies = () => github.caches.list().filter(({ key }) => key.startsWith('rd1-deps'))
  succeeded(await machine.run(github, { inputs: TINY }))
  const [first] = ofDependencies()
  if (first === undefined) throw new Error('nothing was saved')
  const own = first.key
  first.key = own.replace(linking(own), '0'.repeat(32))

  const alone = succeeded(await machine.run(github, { inputs: TINY }))
  expect([alone.dependencies.hit, counts(alone)]).toEqual([
    'none',
    { cooked: ['cfg-if', 'itoa'], compiled: [], fresh: 2 },
  ])
  expect(alone.log.join('\n')).toContain(`${first.key} is left alone, since something else links or compiles C here`)
  expect(ofDependencies().map(({ key }) => key)).toEqual([first.key, own])

  // The newest is offered first.
  first.createdAt = new Date(Date.now() + 60_000)
  const again = succeeded(await machine.run(github, { inputs: TINY }))
  expect([again.dependencies.hit, counts(again)]).toEqual(['exact', WARM])
})

test('a test that fails costs no cache', async () => {
  using project = small()
  await using github = await startGithub()
  const machine = machineFor(project)
  const inputs = { ...TINY, gates: 'test' }
  machine.write({ 'src/main.rs': source('wrong').replace('{}\n', '{\n    panic!("wrong");\n}\n') })
  const red = await machine.run(github, { inputs })
  expect([red.outcome, red.report.status, red.report.gates]).toMatchObject(['failure', 'failed', [{ errors: 1 }]])
  // Whether it was built by then or not.
  expect(red.report.binaries).toEqual([])
  expect(stored(github)).toEqual(BOTH_CACHES)

  machine.write({ 'src/main.rs': source('right') })
  const green = succeeded(await machine.run(github, { inputs }))
  expect([green.dependencies.hit, counts(green)]).toMatchObject(['exact', { cooked: [], compiled: [] }])
})

test('of two jobs at once one saves, and both go well', async () => {
  using one = small()
  using other = small()
  await using github = await startGithub()
  const both = () => Promise.all([one, other].map((project) => machineFor(project).run(github, { inputs: TINY })))
  for (const ran of await both()) expect(counts(succeeded(ran))).toMatchObject({ cooked: ['cfg-if', 'itoa'], fresh: 2 })
  expect(stored(github).toSorted()).toEqual(BOTH_CACHES.toSorted())
  for (const ran of await both()) expect(counts(succeeded(ran))).toEqual(WARM)
})

test('a tag is built from nothing, a fork and a reader write nothing', async () => {
  using project = small()
  await using github = await startGithub()
  const machine = machineFor(project)
  succeeded(await machine.run(github, { inputs: TINY }))
  const before = stored(github)
  const asked = () => github.requests.filter(({ operation }) => /Cache/.test(operation ?? '')).length

  const sofar = asked()
  const ref = 'refs/tags/v1.0.0'
  const tag = succeeded(await machine.run(github, { inputs: TINY, facts: { ref }, services: github.env({ ref }) }))
  expect([tag.home.hit, tag.dependencies.hit, asked() - sofar]).toEqual(['off', 'off', 0])
  expect(counts(tag)).toEqual({ cooked: [], compiled: ['cfg-if', 'itoa'], fresh: 0 })

  machine.write({ 'Cargo.lock': locks.new })
  const merge = 'refs/pull/7/merge'
  const fork = succeeded(
    await machine.run(github, {
      inputs: { ...TINY, cache: 'read-write' },
      facts: { eventName: 'pull_request', ref: merge, headRepository: 'somebody/hello' },
      services: github.env({ ref: merge }),
    }),
  )
  expect([fork.dependencies.hit, counts(fork)]).toEqual(['prefix', { cooked: [], compiled: ['itoa'], fresh: 1 }])

  // That a token may only read is not always told to the job.
  const { ACTIONS_CACHE_MODE, ...untold } = github.env({ cacheMode: 'read' })
  for (const services of [untold, { ...untold, ACTIONS_CACHE_MODE: ACTIONS_CACHE_MODE ?? '' }]) {
    const reader = succeeded(await machine.run(github, { inputs: TINY, services }))
    const { cooked, dependencies } = reader.report.units
    expect([reader.dependencies.hit, ...cooked.packages, ...dependencies.packages]).toEqual(['prefix', 'itoa'])
  }
  expect(stored(github)).toEqual(before)
})

test('a cache with spoiled bytes costs itself alone, and the next one is whole', async () => {
  using project = small()
  await using github = await startGithub()
  const machine = machineFor(project)
  succeeded(await machine.run(github, { inputs: TINY }))

  github.faults.set('GetBlob', { kind: 'corrupt' })
  machine.write({ 'Cargo.lock': locks.new })
  const spoiled = await machine.run(github, { inputs: TINY })
  expect([spoiled.outcome, spoiled.annotations.map(({ title }) => title)], spoiled.log.join('\n')).toEqual([
    'success',
    ['Cache not restored', 'Cache not restored'],
  ])
  expect(counts(spoiled)).toEqual({ cooked: ['cfg-if', 'itoa'], compiled: [], fresh: 2 })
  expect(stored(github)).toEqual([...BOTH_CACHES, ...BOTH_CACHES])

  github.faults.clear()
  expect(counts(succeeded(await machine.run(github, { inputs: TINY })))).toEqual(WARM)
})

test('a service that hangs or fails costs its caches, and a minute at most', async () => {
  const [asking, saving, failing] = await Promise.all([
    broken(({ faults }) => faults.set('GetCacheEntryDownloadURL', { kind: 'hang' })),
    broken(({ faults }) => faults.set('PutBlob', { kind: 'hang' })),
    broken(({ faults }) => {
      faults.set('GetCacheEntryDownloadURL', { kind: 'status', status: 500 })
      faults.set('CreateCacheEntry', { kind: 'status', status: 500 })
    }),
  ])
  expect(asking.warnings).toEqual([
    "The cache of cargo's home was not restored: it took more than 60 s. The run goes on without it.",
  ])
  expect(asking.leftOut).toEqual(['bring-dependencies', 'restore-dependencies', 'cook', 'save-caches'])
  expect(saving.warnings).toEqual([
    "The cache of cargo's home was not saved: it took more than 60 s. Later runs go on without it.",
  ])
  // Each is tried five times, with pauses that grow: for the last there is less than a minute left, or nothing.
  expect(failing.warnings.slice(0, 2)).toEqual([
    expect.stringMatching(/cargo's home was not restored: .*5 attempts: .*500/),
    expect.stringMatching(/dependencies was not restored: (.*5 attempts: .*500|it took more than)/),
  ])
  for (const warning of failing.warnings.slice(2)) expect(warning).toMatch(/not saved: it took more than [\d.]+ s/)
})

async function broken(fault: (github: Github) => void) {
  using project = small()
  await using github = await startGithub()
  fault(github)
  const home = join(rust.folder, basename(project.folder))
  const ran = await machineFor(project, home).run(github, { inputs: TINY })
  expect(ran.outcome, ran.log.join('\n')).toBe('success')
  expect(stored(github)).toEqual([])
  const leftOut = ran.report.steps.filter(({ reason }) => reason === 'the cache service did not answer before')
  return {
    warnings: ran.annotations.map(({ type, message }) => (type === 'warning' ? message : `${type}: ${message}`)),
    leftOut: leftOut.map(({ name }) => name),
  }
}

function sweptIn({ log }: Ran): string[] {
  const [, names = ''] = /^left out, since nothing uses them any more: (.*)$/m.exec(log.join('\n')) ?? []
  return names.split(', ').map((name) => name.replace(/-[0-9a-f]{16}$/, ''))
}

/** The packages of which something lies in the build directory of the target. */
function unitsBelow({ folder }: MadeProject): string[] {
  const names = readdirSync(join(folder, 'target', GNU, 'release/.fingerprint'))
  return [...new Set(names.map((name) => name.replace(/-[0-9a-f]{16}$/, '')))].sort()
}
