import { execFileSync, spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { names } from '../../src/settings/table.ts'
import { need } from '../lab/ground/need.ts'
import { whyNoDebianRoot } from '../lab/ground/packages.ts'
import { smallDisk } from '../lab/ground/small-disk.ts'
import { oldestNode, whyNoOldestNode } from '../lab/node/oldest-node.ts'
import { apiAndWorker, hello, lockOf, type MadeProject, madeProject, manifestOf } from '../made-project.ts'
import { CLI, type CliRun, cli } from './cli-door.ts'

test('plan, then build: the binary runs and knows its commit', async () => {
  using project = madeProject(hello())
  const sha = project.commit()
  const planned = await cli(['plan'], project)
  expect(planned.code, planned.stderr).toBe(0)
  const plan = JSON.parse(planned.stdout)
  expect(plan.packages).toEqual([{ name: 'hello', version: '0.1.0', binaries: ['hello'] }])
  expect(plan.artifacts).toEqual([{ name: `hello-${plan.targets[0]}`, package: 'hello', target: plan.targets[0] }])

  const built = await cli(['build'], project)
  expect(built.code, built.stderr).toBe(0)
  const [binary] = built.report().binaries
  expect(binary).toMatchObject({ package: 'hello', version: '0.1.0', target: plan.targets[0] })
  const said = execFileSync(binary?.path ?? '', { encoding: 'utf8' })
  expect(said).toContain(sha)
  expect(built.stdout).toContain(`sha256  ${binary?.sha256}`)

  // Another job takes it: the right digest passes, a changed byte or another digest does not.
  const taken = await cli(['build', '--from', `${binary?.path}@sha256:${binary?.sha256}`], project)
  expect(taken.code, taken.stderr).toBe(0)
  appendFileSync(binary?.path ?? '', '!')
  const refused = await cli(['build', '--from', `${binary?.path}@sha256:${binary?.sha256}`], project)
  expect(refused.code).toBe(1)
  expect(refused.stderr).toContain('is not the one that `from` pins')
})

test('on the oldest Node it helps, plans and builds', async (context) => {
  need(context, 'oldest Node', whyNoOldestNode())
  using project = madeProject(hello())
  const node = await oldestNode()
  const help = await cli(['--help'], { ...project, node })
  expect(help.code).toBe(0)
  for (const name of names) expect(help.stdout).toContain(`  --${name}`)
  const built = await cli(['build', '--profile', 'dev'], { ...project, node })
  expect(built.code, built.stderr).toBe(0)
})

test('a dry run compiles nothing', async () => {
  using project = madeProject(hello())
  const { code, stderr } = await cli(['build', '--dry-run'], project)
  expect(code).toBe(0)
  expect(stderr).toMatch(/cargo build --locked --offline --target \S+ --release --package hello@0\.1\.0 --bin hello/)
  expect(readdirSync(join(project.folder, 'target'))).toEqual(['rust-deploy'])
})

test.for(['this', 'the oldest'])('four mistakes are named in one run, on %s Node', async (which, context) => {
  if (which !== 'this') need(context, 'oldest Node', whyNoOldestNode())
  const node = which === 'this' ? process.execPath : await oldestNode()
  using project = madeProject(hello({}, '[package.metadata.rust-deploy]\ncargo-git-token = "ghs_abc"\n'))
  const { code, stdout, stderr } = await cli(['biuld', '--packge', 'x', '--dry-run=perhaps', '--artifact'], {
    ...project,
    node,
  })
  expect(code).toBe(2)
  for (const mistake of [
    '`biuld`',
    '`--packge`',
    '`perhaps`',
    '--artifact needs a value',
    '`cargo-git-token` is a secret and must not stand in',
  ]) {
    expect(stderr).toContain(mistake)
  }
  expect(stdout + stderr).not.toContain('ghs_abc')
  expect(stdout).toMatch(/^refused in/)
})

test('what stands only in Cargo.toml takes effect, and an option wins over it', async () => {
  using project = madeProject(
    hello(
      { 'src/bin/admin.rs': 'fn main() {}\n' },
      '[package.metadata.rust-deploy]\nbin = "admin"\n[package.metadata.rust-deploy.environments.production]\nbin = ["admin", "hello"]\n',
    ),
  )
  const binaries = async (...args: string[]) =>
    JSON.parse((await cli(['plan', ...args], project)).stdout).packages[0].binaries
  expect(await binaries()).toEqual(['admin'])
  expect(await binaries('--environment', 'production')).toEqual(['admin', 'hello'])
  expect(await binaries('--bin', 'hello')).toEqual(['hello'])
})

test('a refused run leaves no report of an earlier one behind', async () => {
  using project = madeProject(hello())
  const before = await cli(['build', '--profile', 'dev'], project)
  expect(before.report().status).toBe('built')
  const refused = await cli(['build', '--dry-run=perhaps'], project)
  expect(refused.code).toBe(2)
  expect(refused.report()).toMatchObject({
    status: 'refused',
    problems: ['--dry-run must be `true` or `false`, but it is `perhaps`.'],
  })
})

test('mistakes of every kind are told together', async () => {
  using project = madeProject(hello({}, '[package.metadata.rust-deploy]\nprofil = "x"\n'))
  const run = await cli(['build', '--dry-run=perhaps', '--bin', 'nosuch', '--from', 'artifact:a/b'], project)
  expect(run.code).toBe(2)
  for (const mistake of ['`profil`', '`perhaps`', 'no binary `nosuch`', '"/" cannot stand in such a name']) {
    expect(run.stderr).toContain(mistake)
  }
})

test('names that would overwrite each other, and names that would leave their folder', async () => {
  using project = madeProject({
    ...apiAndWorker(),
    'api/Cargo.toml': manifestOf('api', '[[bin]]\nname = "server"\npath = "src/main.rs"\n'),
    'worker/Cargo.toml': manifestOf('worker', '[[bin]]\nname = "server"\npath = "src/main.rs"\n'),
  })
  const twice = await cli(['build'], project)
  expect([twice.code, twice.stderr]).toEqual([2, expect.stringContaining('both have a binary `server`')])
  const outside = await cli(['plan', '--package', 'api', '--artifact', '../../x'], project)
  expect([outside.code, outside.stderr]).toEqual([2, expect.stringContaining('"/" cannot stand in such a name')])
})

test('taking what is no file, and an artifact where there are none', async () => {
  using project = madeProject(hello())
  const device = await cli(['build', '--from', '/dev/zero'], project)
  expect([device.code, device.stderr]).toEqual([2, expect.stringContaining('neither a file nor a folder')])
  for (const args of [['plan'], ['build', '--dry-run']]) {
    const missing = await cli([...args, '--from', 'nowhere'], project)
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('nowhere, but there is nothing')])
    expect(missing.stdout).toMatch(/^refused /)
  }
  const artifact = await cli(['build', '--from', 'artifact:x'], project)
  expect([artifact.code, artifact.stderr]).toEqual([
    2,
    expect.stringContaining('no artifact service outside GitHub Actions'),
  ])
})

test('values of Cargo.toml that no argument could carry', async () => {
  using project = madeProject(hello({}, '[package.metadata.rust-deploy]\nprofile = ""\nfeatures = ["a\\u0000b"]\n'))
  const run = await cli(['plan'], project)
  expect(run.code).toBe(2)
  expect(run.stderr).toContain('must be a list of texts without control characters')
  expect(run.stderr).not.toContain('report it')
})

test('no Cargo.toml, no lock file, no cargo: each a sentence with a remedy', async () => {
  using empty = madeProject({ 'README.md': '' })
  const none = await cli(['build'], empty)
  expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('check out the repository first')])

  const { 'Cargo.lock': _, ...unlocked } = hello()
  using project = madeProject(unlocked)
  const noLock = await cli(['build'], project)
  expect([noLock.code, noLock.stderr]).toEqual([
    2,
    expect.stringContaining('run `cargo generate-lockfile`, then commit it'),
  ])
  writeFileSync(join(project.folder, 'Cargo.lock'), lockOf('other'))
  const otherLock = await cli(['build'], project)
  expect([otherLock.code, otherLock.stderr]).toEqual([1, expect.stringContaining('Cargo.lock does not match')])

  // Without Rust it is installed; where even that is impossible, the sentence says what could not be reached.
  const env = { PATH: dirname(process.execPath), HOME: project.folder, RUSTUP_UPDATE_ROOT: 'http://127.0.0.1:1' }
  const noCargo = await cli(['build'], { ...project, env })
  expect([noCargo.code, noCargo.stderr]).toEqual([1, expect.stringContaining('http://127.0.0.1:1')])
})

test('code that does not compile: the error is shown and named', async () => {
  using project = madeProject(hello({ 'src/main.rs': 'fn main() { nowhere() }\n' }))
  const { code, stderr, report } = await cli(['build'], project)
  expect(code).toBe(1)
  expect(stderr).toContain('src/main.rs:1:13')
  expect(report()).toMatchObject({
    status: 'failed',
    problems: ['cargo build failed: error[E0425]: cannot find function `nowhere` in this scope (src/main.rs:1:13)'],
    steps: expect.arrayContaining([
      expect.objectContaining({ name: 'build', state: 'failed' }),
      expect.objectContaining({ name: 'pack', state: 'not-reached' }),
    ]),
  })
})

test('warnings of the compiler are counted, whoever looks', async () => {
  using project = madeProject(hello({ 'src/main.rs': 'fn main() { let x = 1; }\n' }))
  const { code, report } = await cli(['build', '--profile', 'dev'], project)
  expect(code).toBe(0)
  expect(report().findings).toEqual([
    { level: 'warning', title: 'Compiler warnings', message: '`hello` (bin "hello") generated 1 warning' },
  ])
})

test('a feature that nobody has is refused before anything is compiled', async () => {
  using project = madeProject(hello({}, '[features]\nmetrics = []\n'))
  const { code, stderr } = await cli(['build', '--dry-run', '--features', 'metrics,metrcs'], project)
  expect([code, stderr]).toEqual([
    2,
    expect.stringContaining('There is no feature `metrcs` in `hello`; there is `metrics`.'),
  ])
})

test('a reader that has seen enough is no failure', async () => {
  using project = madeProject(hello())
  const run = spawnSync('bash', ['-c', 'set -o pipefail; "$0" "$1" plan | head -1', process.execPath, CLI], {
    cwd: project.folder,
    encoding: 'utf8',
  })
  expect([run.status, run.stdout]).toEqual([0, '{\n'])
})

test('a dirty tree is said in the report', async () => {
  using project = madeProject(hello())
  writeFileSync(join(project.folder, 'new.txt'), '')
  const { stderr, report } = await cli(['plan'], project)
  expect(stderr).toMatch(/warning: The working tree differs from the commit [0-9a-f]{12}: new\.txt\.\n/)
  expect(report().commit?.dirty).toEqual(['new.txt'])
})

/** Compiles until it is told to stop: time enough to pull the plug. Its build script says when it runs. */
const endless = () =>
  hello({
    'build.rs':
      'fn main() { std::fs::write("running", "").unwrap(); std::thread::sleep(std::time::Duration::from_secs(50)) }\n',
  })

async function scriptRuns(folder: string): Promise<void> {
  for (let tries = 0; tries < 2000 && !existsSync(join(folder, 'running')); tries++) await sleep(20)
  expect(running(folder)).not.toEqual([])
}

/** Builds, and pulls a plug while the build script runs. */
function interrupted(project: MadeProject, pull: (pid: number) => void): Promise<CliRun> {
  return cli(['build'], {
    folder: project.folder,
    onLine: async (line, pid) => {
      if (!line.includes('Compiling hello')) return
      await scriptRuns(project.folder)
      pull(pid)
    },
  })
}

async function gone(folder: string): Promise<void> {
  for (let tries = 0; tries < 100 && running(folder).length > 0; tries++) await sleep(20)
  expect(running(folder)).toEqual([])
}

test('cargo that dies by a signal is no success and no riddle, and leaves nothing running', async (context) => {
  need(context, 'killed cargo', process.platform === 'linux' ? undefined : 'it looks for the process in /proc')
  using project = madeProject(endless())
  const run = await interrupted(project, (pid) => {
    for (const child of childrenOf(pid)) process.kill(child, 'SIGKILL')
  })
  expect(run.code).toBe(1)
  expect(run.stderr).toContain('cargo build was killed (SIGKILL)')
  expect(run.report().status).toBe('failed')
  await gone(project.folder)
})

test.for(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s ends everything and still reports', async (signal, context) => {
  need(context, 'signals', process.platform === 'linux' ? undefined : 'it looks for processes in /proc')
  using project = madeProject(endless())
  const run = await interrupted(project, (pid) => process.kill(pid, signal))
  // It ends by the very signal, so that a script or a loop in a shell ends with it.
  expect([run.code, run.signal]).toEqual([null, signal])
  expect(run.stderr).toContain(`The run was stopped by ${signal}`)
  const states = run.report().steps.map(({ name, state }) => `${name} ${state}`)
  expect(states).toEqual(expect.arrayContaining(['fetch done', 'build cancelled', 'pack not-reached']))
  await gone(project.folder)
})

test.for([
  ['while linking', 200_000],
  ['before anything is compiled', 4096],
] as const)('a full disk is called a full disk: %s', async ([_, bytes], context) => {
  need(context, 'small disk', whyNoDebianRoot())
  await using disk = await smallDisk(bytes)
  using project = madeProject(hello())
  const run = await cli(['build'], { ...project, env: { CARGO_TARGET_DIR: disk.folder } })
  expect(run.code).toBe(1)
  expect(run.stderr).toMatch(/disk is full.*(Free|free) .* CARGO_TARGET_DIR/)
})

test('a build script finds no secret, whatever it is called, and cannot command the runner', async () => {
  const build = `fn main() {
    let all: Vec<String> = std::env::vars().map(|(name, value)| format!("{name}={value}")).collect();
    std::fs::write("seen.txt", all.join("\\n")).unwrap();
    println!("::set-env name=PATH::/evil");
    println!("##[add-path]/evil");
    println!("cargo:warning=a\\r::error::b");
    eprintln!("\\u{85}::add-mask::hello");
    eprintln!("::add-mask::hello");
    std::process::exit(1);
}
`
  using project = madeProject(hello({ 'build.rs': build }))
  const run = await cli(['build'], {
    ...project,
    env: {
      GITHUB_ACTIONS: 'true',
      RUST_DEPLOY_CARGO_GIT_TOKEN: 'ghs_verysecret',
      COPY_OF_IT: 'x ghs_verysecret',
      GITHUB_TOKEN: 'ghs_other',
      ACTIONS_RUNTIME_TOKEN: 'ghs_runtime',
      GITHUB_ENV: '/files/env',
      CARGO_REGISTRY_TOKEN: 'ghs_registry',
    },
  })
  expect(run.code).toBe(1)
  const seen = readFileSync(join(project.folder, 'seen.txt'), 'utf8')
  expect(seen).toContain('CARGO_PKG_NAME=hello')
  expect(seen).not.toMatch(/ghs_|GITHUB_ENV|ACTIONS_/)
  expect(run.stdout + run.stderr).not.toContain('ghs_')
  // Each of the lines is there to be read, and stands between the runner's own stop and resume commands.
  expect(run.stderr).toContain('set-env name=PATH::/evil')
  expect(commandsIn(run.stderr)).toEqual([])
})

test('names that look like commands, options or paths stay names', async () => {
  using project = madeProject(hello())
  const artifact = '::error::x'
  const run = await cli(['build', '--artifact', artifact, '--package', '$(touch evil)', '--bin', '--release'], {
    ...project,
    env: { GITHUB_ACTIONS: 'true' },
  })
  expect(run.code).toBe(2)
  expect(run.stderr).toContain('There is no package `$(touch evil)`')
  expect(run.stderr).toContain('":" cannot stand in such a name')
  expect(commandsIn(run.stderr)).toEqual([])
  expect(() => statSync(join(project.folder, 'evil'))).toThrow()
})

test('two packages of a workspace are compiled at once', async () => {
  using project = madeProject(apiAndWorker())
  const run = await cli(['build'], project)
  expect(run.code, run.stderr).toBe(0)
  expect(run.report().binaries.map((binary) => binary.package)).toEqual(['api', 'worker'])
})

/** The lines that a runner would obey: it obeys nothing between a stop and the token that ends it. */
function commandsIn(text: string): string[] {
  let stopped: string | undefined
  return text.split(/\r\n|\r|\n/).filter((line) => {
    const stop = /^::stop-commands::(.+)$/.exec(line)?.[1]
    if (stopped !== undefined) {
      if (line === `::${stopped}::`) stopped = undefined
      return false
    }
    stopped = stop
    return stop === undefined && (/^[\s\u0085]*::/.test(line) || line.includes('##['))
  })
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)
}

/** The processes whose program lies in a folder. */
function running(folder: string): string[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith(folder)
    } catch {
      return false
    }
  })
}
