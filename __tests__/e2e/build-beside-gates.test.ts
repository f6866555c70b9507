import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startGithub } from '../lab/github/github.ts'
import { run } from '../lab/ground/command.ts'
import { need } from '../lab/ground/need.ts'
import type { RustupHome } from '../lab/rustup/home.ts'
import { rustupPart } from '../lab/rustup/part.ts'
import { type MadeProject, madeProject, manifestOf } from '../made-project.ts'
import { GNU, Machine, type Ran, wholeRust } from './thrown-away-machine.ts'

beforeEach((context) => need(context, 'rustup', rustupPart.whyNot()))

const stack = new AsyncDisposableStack()
afterAll(() => stack.disposeAsync())

let rust: RustupHome
let lock = ''

beforeAll(async () => {
  if (rustupPart.whyNot() !== undefined) return
  rust = await wholeRust(stack)
  using project = madeProject({ 'Cargo.toml': MANIFEST, 'src/main.rs': PROGRAM })
  await run(['cargo', 'generate-lockfile'], { cwd: project.folder, env: rust.env })
  lock = readFileSync(join(project.folder, 'Cargo.lock'), 'utf8')
})

const MANIFEST = manifestOf('small', '[dependencies]\ncfg-if = "1"\n')
/** It says who built it: only our build is given the commit. */
const PROGRAM = 'fn main() {\n    println!("{:?}", option_env!("RUST_DEPLOY_SHA"));\n}\n'

const INPUTS = { target: GNU, gates: 'clippy, test', artifact: 'none' }

function small(more: Readonly<Record<string, string>> = {}): MadeProject {
  return madeProject({
    'Cargo.toml': MANIFEST,
    'Cargo.lock': lock,
    'src/main.rs': PROGRAM,
    '.gitignore': 'target\n/*.flag\n',
    ...more,
  })
}

function machineFor(project: MadeProject): Machine {
  const home = join(rust.folder, 'home-of-jobs')
  return new Machine(project, { ...rust.env, CARGO_HOME: home }, [home])
}

const stateOf = (ran: Ran, name: string) => ran.report.steps.find((step) => step.name === name)?.state

/** What lies in the target folder and in the archive is what was proved, and knows its commit. */
function expectOurs(ran: Ran): void {
  const [binary] = ran.report.binaries
  if (binary === undefined) throw new Error(ran.log.join('\n'))
  const digest = (content: Buffer) => createHash('sha256').update(content).digest('hex')
  const archives = join(binary.path, '../../../rust-deploy', GNU)
  const archive = readdirSync(archives).find((name) => name.endsWith('.tar.gz')) ?? ''
  const packed = execFileSync('tar', ['-xzOf', join(archives, archive), '--wildcards', '*/small'], {
    maxBuffer: 1 << 28,
  })
  expect([digest(readFileSync(binary.path)), digest(packed)]).toEqual([binary.sha256, binary.sha256])
  const said = execFileSync(binary.path, { encoding: 'utf8' })
  expect(said).toMatch(/^Some\("[0-9a-f]{40}"\)$/m)
}

test('gates and build beside each other, when the dependencies came out of the cache', async () => {
  using project = small()
  await using github = await startGithub()
  const machine = machineFor(project)
  const cold = await machine.run(github, { inputs: INPUTS })
  const warm = await machine.run(github, { inputs: INPUTS })
  const begun = ({ report }: Ran, name: string) => report.steps.find((step) => step.name === name)?.startedAt ?? 0
  for (const ran of [cold, warm]) {
    expect([ran.outcome, ran.annotations], ran.log.join('\n')).toEqual(['success', []])
    expectOurs(ran)
  }
  expect(warm.dependencies.hit).toBe('exact')
  expect(begun(cold, 'build')).toBeGreaterThanOrEqual(begun(cold, 'test'))
  expect(begun(warm, 'build')).toBeLessThanOrEqual(begun(warm, 'test'))
  expect(warm.report.units.dependencies).toMatchObject({ compiled: 0, packages: [] })
})

test.each([
  ['arguments of the tests', { 'test-target': GNU, 'test-args': '--release' }],
  ['the profile', { 'test-target': GNU, profile: 'dev' }],
])('gates that write where the build writes, by %s, leave no binary of theirs', async (_, more) => {
  using project = small()
  await using github = await startGithub()
  const machine = machineFor(project)
  for (const hit of ['none', 'exact']) {
    const ran = await machine.run(github, { inputs: { ...INPUTS, ...more } })
    expect([ran.outcome, ran.dependencies.hit], ran.log.join('\n')).toEqual(['success', hit])
    expectOurs(ran)
  }
})

const BUILDS = `#[test]
fn builds() {
    let cargo = std::process::Command::new(env!("CARGO"))
        .args(["build", "--release", "--offline", "--target", "${GNU}"])
        .env_remove("RUST_DEPLOY_SHA")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status();
    assert!(cargo.unwrap().success());
}
`

test('a test that builds the same binary with other flags does not have it delivered', async () => {
  // So that it comes when our build is over.
  using project = small({ 'tests/builds.rs': BUILDS.replace('fn builds() {', `fn builds() {\n${waitFor('small')}`) })
  await using github = await startGithub()
  const machine = machineFor(project)
  const cold = await machine.run(github, { inputs: { ...INPUTS, gates: 'none' } })
  expect(cold.outcome, cold.log.join('\n')).toBe('success')

  // What it compiles ahead decides the key: with the gates it is another one.
  for (const hit of ['none', 'exact']) {
    const ran = await machine.run(github, { inputs: INPUTS })
    expect([ran.outcome, ran.dependencies.hit], ran.log.join('\n')).toEqual(['success', hit])
    expectOurs(ran)
    const beside = hit === 'exact'
    expect(ran.annotations.map(({ title }) => title)).toEqual(beside ? ['Binary built twice'] : [])
  }
})

/** Rust that waits until the binary is there, or for some seconds, since without the build beside it none will come. */
function waitFor(name: string): string {
  return `    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/target/${GNU}/release/${name}");
    for _ in 0..50 {
        if std::path::Path::new(path).exists() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
`
}

/** In a release it hangs as long as there is a flag. */
const HANGING = `fn main() {
    println!("cargo::rerun-if-changed=hang.flag");
    for _ in 0..1200 {
        if std::env::var("PROFILE").unwrap() != "release" || !std::path::Path::new("hang.flag").exists() {
            return;
        }
        std::fs::write("begun.flag", "").unwrap();
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}
`

test('a gate that fails stops the build beside it, with all that it started', async () => {
  using project = small({ 'build.rs': HANGING })
  await using github = await startGithub()
  const machine = machineFor(project)
  const inputs = { ...INPUTS, gates: 'test' }
  expect((await machine.run(github, { inputs })).outcome).toBe('success')

  writeFileSync(join(project.folder, 'hang.flag'), '')
  const begun = JSON.stringify(join(project.folder, 'begun.flag'))
  // The gate waits until the build is well under way.
  const red = `#[test]\nfn red() {\n    while !std::path::Path::new(${begun}).exists() {\n        std::thread::sleep(std::time::Duration::from_millis(20));\n    }\n    panic!("red");\n}\n`
  machine.write({ 'src/main.rs': `${PROGRAM}\n${red}` })
  const ran = await machine.run(github, { inputs })
  expect([ran.outcome, ran.dependencies.hit, stateOf(ran, 'test')], ran.log.join('\n')).toEqual([
    ...['failure', 'exact', 'failed'],
  ])
  expect(ran.report.steps.find(({ name }) => name === 'build')).toMatchObject({
    state: 'cancelled',
    reason: '"Run the tests" failed',
  })
  expect([ran.report.binaries, stateOf(ran, 'pack')]).toEqual([[], 'not-reached'])
  expect(ran.annotations.map(({ title }) => title)).toEqual(['rust-deploy', 'Test red failed'])
  expect(processesIn(project.folder)).toEqual([])
  rmSync(join(project.folder, 'begun.flag'))
})

/** The programs that still run from below a folder. */
function processesIn(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((id) => {
      try {
        const program = readlinkSync(`/proc/${id}/exe`)
        return program.startsWith(folder) ? [program] : []
      } catch {
        return []
      }
    })
}

test('what was brought of a cache goes again when the fetch beside it fails', async () => {
  using project = small()
  await using github = await startGithub()
  const machine = machineFor(project)
  const inputs = { ...INPUTS, gates: 'none' }
  expect((await machine.run(github, { inputs })).outcome).toBe('success')

  const staging = join(project.folder, 'target/rust-deploy/dependencies')
  let wasThere = false
  const server = createServer(async (_, response) => {
    for (let waited = 0; waited < 300 && !existsSync(staging); waited++) await sleep(50)
    wasThere ||= existsSync(staging)
    // Until the archive is unpacked as well.
    await sleep(500)
    response.writeHead(404).end()
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const source = `http://127.0.0.1:${(server.address() as AddressInfo).port}/gone.git`
  const commit = '1'.repeat(40)
  machine.write({
    'Cargo.toml': `${MANIFEST}gone = { git = "${source}", rev = "${commit}" }\n`,
    'Cargo.lock': lock
      .replace(' "cfg-if",\n', ' "cfg-if",\n "gone",\n')
      .concat(`\n[[package]]\nname = "gone"\nversion = "0.1.0"\nsource = "git+${source}?rev=${commit}#${commit}"\n`),
  })
  const ran = await machine.run(github, { inputs, env: { CARGO_NET_GIT_FETCH_WITH_CLI: 'true' } })
  server.close()
  expect([ran.outcome, stateOf(ran, 'fetch'), wasThere], ran.log.join('\n')).toEqual(['failure', 'failed', true])
  expect(existsSync(staging)).toBe(false)
})
