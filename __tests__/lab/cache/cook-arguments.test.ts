import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { unitArguments } from '../../../src/cache/unit-arguments.ts'
import { type CacheUnit, readCacheUnit } from '../../../src/cache/units.ts'
import { clippyArguments } from '../../../src/gates/clippy.ts'
import { nextestArguments } from '../../../src/gates/nextest.ts'
import { compileArguments, doctestArguments } from '../../../src/gates/test.ts'
import { runCommand } from '../../../src/process/command.ts'
import { type MadeProject, madeProject } from '../../made-project.ts'
import { need } from '../ground/need.ts'
import { cargoTools } from '../tools/cargo-tools.ts'
import { whyNoTools } from '../tools/part.ts'
import { type Counts, cargo, cooking, countsOf, environment, hostTriple, signal } from './cook-lab.ts'

/** Whatever can be added changes a unit of a dependency here. */
const FILES = {
  'Cargo.toml': `[workspace]
resolver = "2"
members = ["app", "tool"]
[profile.release]
panic = "abort"
[profile.bench]
opt-level = 1
[profile.small]
inherits = "dev"
opt-level = "s"
[profile.test]
opt-level = 2
`,
  'app/Cargo.toml': `[package]
name = "app"
version = "0.1.0"
edition = "2021"
[features]
default = ["quick"]
quick = ["either/use_std"]
more = ["dep:itoa"]
[dependencies]
either = { version = "=1.15.0", default-features = false }
itoa = { version = "=1.0.15", optional = true }
cfg-if = "=1.0.1"
[dev-dependencies]
scopeguard = { version = "=1.2.0", default-features = false }
[build-dependencies]
cfg-if = "=1.0.1"
`,
  'app/build.rs': 'fn main() {}\n',
  'app/src/lib.rs': '/// ```\n/// assert_eq!(app::one(), 1);\n/// ```\npub fn one() -> u8 { 1 }\n',
  'app/src/main.rs': 'fn main() { println!("{}", app::one()) }\n',
  'app/tests/all.rs': '#[test] fn one() { assert_eq!(app::one(), 1) }\n',
  'app/examples/show.rs': 'fn main() {}\n',
  'tool/Cargo.toml':
    '[package]\nname = "tool"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\nscopeguard = "=1.2.0"\n',
  'tool/src/main.rs': 'fn main() {}\n',
}

let triple = ''
beforeAll(async () => {
  triple = await hostTriple()
})

const ARGUMENTS: readonly string[] = [
  '',
  '--release',
  '-r --lib',
  '--profile release',
  '--profile small',
  '--profile=dev',
  '--profile test',
  '--profile bench',
  '--features app/more',
  '-Fapp/more --release --',
  '--all-features',
  '--no-default-features',
  '--exclude tool',
  '--exclude=tool --no-default-features --features=app/more',
  '--config profile.dev.opt-level=1',
  '--target HOST',
  '--ignore-rust-version -p app --bin app',
]

test.each(ARGUMENTS)('with %j clippy and the tests find every dependency compiled', async (line) => {
  using project = madeProject(FILES)
  const extra = line.replace('HOST', triple).split(' ').filter(Boolean)
  await cooking({ directory: project.folder, plan: planOf({ clippy: extra, test: extra }) })
  const clippy = await gated(project, clippyArguments({ ...gate(extra), mode: 'deny', keepsGoing: true }))
  const tests = await gated(project, compileArguments({ ...gate(extra), runner: 'cargo' }))
  for (const counts of [clippy, tests]) {
    expect(counts).toMatchObject({ compiledThirdParty: [], freshLocal: [] })
    expect(counts.thirdParty).toBeGreaterThan(0)
  }
})

test('a target of the gates and one that is added are both compiled for', async () => {
  using project = madeProject(FILES)
  const extra = ['--target', triple]
  const { gates, builds } = planOf({ clippy: extra, test: extra })
  await cooking({ directory: project.folder, plan: { builds, gates: { ...gates, testTarget: triple } } })
  const asked = { ...gate(extra), target: triple }
  const tests = await gated(project, compileArguments({ ...asked, runner: 'cargo' }))
  expect(tests).toMatchObject({ compiledThirdParty: [], freshLocal: [] })
})

test('what nextest is told is compiled ahead, and what cargo compiles before it, and for documentation', async (context) => {
  need(context, 'tools', whyNoTools())
  using project = madeProject({ ...FILES, '.config/nextest.toml': '[profile.ci]\n' })
  const own = ['--cargo-profile', 'small', '--profile', 'ci', '-Fapp/more']
  const { gates, builds } = planOf({ clippy: [], test: [] })
  const testArguments = [[], unitArguments(own, 'nextest')]
  await cooking({ directory: project.folder, plan: { builds, gates: { ...gates, testArguments } } })
  const before = await gated(project, compileArguments({ ...gate(own), runner: 'nextest' }))
  const doctests = await gated(project, [
    ...doctestArguments({ ...gate(own), runner: 'nextest' }),
    ...['--message-format', 'json'],
  ])
  for (const counts of [before, doctests]) expect(counts).toMatchObject({ compiledThirdParty: [] })

  const PATH = `${(await cargoTools()).folder}:${environment['PATH']}`
  const outcome = await runCommand({
    ...{ file: 'cargo', args: nextestArguments(gate(own), join(project.folder, '.config/nextest.toml')) },
    ...{ cwd: project.folder, env: { ...environment, PATH }, signal },
  })
  if (outcome.kind !== 'exited') throw new Error(outcome.kind)
  // Its own output tells it: cargo's messages are not to be had.
  const compiled = [...outcome.stderr.matchAll(/^ *Compiling (\S+)/gm)].map(([, name]) => name)
  expect([outcome.code, [...new Set(compiled)].sort()]).toEqual([0, ['app', 'tool']])
})

test('nothing of this comes by itself: without the arguments every one of them leaves something to the run', async () => {
  using project = madeProject(FILES)
  const plan = planOf({ clippy: [], test: [] })
  const missed = async (extra: string[]) => {
    rmSync(join(project.folder, 'target'), { recursive: true, force: true })
    await cooking({ directory: project.folder, plan })
    const { compiledThirdParty } = await gated(project, compileArguments({ ...gate(extra), runner: 'cargo' }))
    return compiledThirdParty.length
  }
  const deciding = ['--release', '--profile small', '--features app/more', '--no-default-features', '--exclude tool']
  for (const line of [...deciding, `--target ${triple}`, '--config profile.test.opt-level=1']) {
    expect([line, await missed(line.split(' '))]).not.toEqual([line, 0])
  }
  expect(await missed(['--lib'])).toBe(0)
})

function planOf({ clippy, test: tests }: { clippy: readonly string[]; test: readonly string[] }) {
  const own = {
    clippyArguments: unitArguments(clippy, 'cargo'),
    testArguments: [unitArguments(tests, 'cargo')],
  }
  return { gates: { clippy: true, test: true, testTarget: undefined, featureArguments: [], ...own }, builds: [] }
}

function gate(extraArguments: readonly string[]) {
  return { extraArguments, featureArguments: [], target: undefined, colour: false, onReason: undefined }
}

/** What a gate itself finds. Without its JSON nobody would know. */
async function gated({ folder }: MadeProject, args: readonly string[]): Promise<Counts> {
  const units: CacheUnit[] = []
  for (const line of (await cargo(folder, args)).split('\n')) {
    const unit = readCacheUnit(line, new Set())
    if (unit !== undefined && unit.files.length > 0) units.push(unit)
  }
  return countsOf(units)
}
