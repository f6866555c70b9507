import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { reportSchema } from '../../src/report/report.ts'
import { names } from '../../src/settings/table.ts'
import { startGithub } from '../lab/github/github.ts'
import { need } from '../lab/ground/need.ts'
import { whyNoDebianRoot } from '../lab/ground/packages.ts'
import { smallDisk } from '../lab/ground/small-disk.ts'
import { type RunnerOptions, startRunner } from '../lab/runner/runner.ts'
import { apiAndWorker, hello, type MadeProject, madeProject } from '../made-project.ts'

const ACTION = join(import.meta.dirname, '../..')

const runnerOf = (project: MadeProject, more: Partial<RunnerOptions> = {}) =>
  startRunner({ action: ACTION, workspace: project.folder, ...more })

test('build in one job, take in another: the same bytes, proved', async () => {
  using project = madeProject(hello())
  await using github = await startGithub()
  await using building = await runnerOf(project, { services: github.env({ job: 'build' }) })
  const step = building.runStep({ inputs: { command: 'build' } })
  const built = await step.done
  expect(built.outcome, built.log.join('\n')).toBe('success')
  expect(built.outputs).toMatchObject({
    status: 'built',
    version: '0.1.0',
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
  })
  expect(built.fileErrors).toEqual([])
  const [uploaded, ...others] = github.artifacts.list()
  expect(others).toEqual([])
  expect(uploaded?.name).toMatch(/^hello-/)
  const report = JSON.parse(readFileSync(built.outputs['report'] ?? '', 'utf8'))
  const validate = new Ajv().compile(reportSchema)
  expect(validate(report) || validate.errors).toBe(true)
  expect(built.summary).toContain('### ✅ hello 0.1.0: built in')
  expect(built.summary).toContain('```mermaid\ngantt')
  expect(built.groups).toEqual([
    'Have the toolchain',
    'Clear away earlier results',
    'Complete the toolchain',
    "Restore cargo's home",
    'Fetch dependencies',
    'Choose linkers',
    'Bring compiled dependencies',
    'Restore dependencies',
    'Compile the dependencies',
    'Save the caches',
    expect.stringMatching(/^Build hello for /),
    'Write SBOM and archive',
    expect.stringMatching(/^Upload hello-/),
  ])
  const after = await building.runPost(step).done
  expect([after.outcome, after.annotations, after.summary]).toEqual(['success', [], ''])

  await using taking = await runnerOf(project, { services: github.env({ job: 'take' }) })
  const from = `artifact:${uploaded?.name}@sha256:${built.outputs['sha256']}`
  const taken = await taking.runStep({ inputs: { command: 'build', from } }).done
  expect(taken.outcome, taken.log.join('\n')).toBe('success')
  expect(readFileSync(taken.outputs['binary'] ?? '').equals(readFileSync(built.outputs['binary'] ?? ''))).toBe(true)

  const wrong = await taking.runStep({ inputs: { from: `artifact:${uploaded?.name}@sha256:${'0'.repeat(64)}` } }).done
  expect(wrong.outcome).toBe('failure')
  expect(wrong.annotations[0]?.message).toContain('is not the one that `from` pins')
  const none = await taking.runStep({ inputs: { from: 'artifact:nothing' } }).done
  expect(none.annotations[0]?.message).toContain('There is no artifact nothing to take')
  // Bytes that change on the way are seen before anybody runs them.
  github.faults.set('GetBlob', { kind: 'corrupt' })
  const damaged = await taking.runStep({ inputs: { from: `artifact:${uploaded?.name}` } }).done
  expect(damaged.outcome).toBe('failure')
  expect(damaged.outputs['binary']).toBeUndefined()
})

test('what stands only in Cargo.toml takes effect, and an input wins over it', async () => {
  using project = madeProject(
    hello(
      { 'src/bin/admin.rs': 'fn main() {}\n' },
      '[package.metadata.rust-deploy]\nbin = "admin"\nartifact = "none"\n',
    ),
  )
  await using runner = await runnerOf(project)
  const plan = async (inputs: Record<string, string>) =>
    JSON.parse((await runner.runStep({ inputs: { command: 'plan', ...inputs } }).done).outputs['plan'] ?? '')
  expect(await plan({})).toMatchObject({ packages: [{ binaries: ['admin'] }], artifacts: [] })
  expect(await plan({ bin: 'hello', artifact: 'mine' })).toMatchObject({
    packages: [{ binaries: ['hello'] }],
    artifacts: [{ name: 'mine' }],
    settings: { bin: { value: ['hello'], from: 'input bin' }, artifact: { from: 'input artifact' } },
  })
})

test('every mistake is an annotation of one run, and no value of an unknown input is shown', async () => {
  using project = madeProject(hello({}, '[package.metadata.rust-deploy]\nprofil = "x"\n'))
  await using runner = await runnerOf(project)
  const inputs = { commnd: 'build', 'cargo-git-tokn': 'ghs_misspelt', 'dry-run': 'perhaps', from: 'artifact:' }
  const run = await runner.runStep({ inputs }).done
  expect(run.outcome).toBe('failure')
  expect(run.outputs['status']).toBe('refused')
  expect(run.annotations.filter(({ type }) => type === 'error').map(({ message }) => message)).toEqual([
    'There is no input `commnd`; did you mean `command`?',
    'There is no input `cargo-git-tokn`; did you mean `cargo-git-token`?',
    'There is no setting `profil` ([package.metadata.rust-deploy] in Cargo.toml); did you mean `profile`?',
    'input dry-run must be `true` or `false`, but it is `perhaps`.',
    '`from` says artifact:, but not which: artifact:<name>.',
  ])
  expect(ours(run.log)).not.toContain('ghs_misspelt')
})

test('an artifact service that refuses costs the artifact and not the build', async () => {
  using project = madeProject(hello())
  await using github = await startGithub()
  github.faults.set('CreateArtifact', { kind: 'status', status: 403 })
  await using runner = await runnerOf(project, { services: github.env() })
  const run = await runner.runStep({ inputs: { profile: 'dev' } }).done
  expect(run.outcome, run.log.join('\n')).toBe('success')
  expect(run.outputs['binary']).toMatch(/debug\/hello$/)
  expect(run.outputs['artifact-id']).toBeUndefined()
  expect(run.annotations.map(({ type, message }) => `${type}: ${message}`)).toEqual([
    expect.stringMatching(/^warning: The artifact hello-\S+ was not uploaded \(.*\)\. The build is complete/),
  ])
})

test('no room for the artifact costs the artifact and not the build', async (context) => {
  need(context, 'small disk', whyNoDebianRoot())
  using project = madeProject(hello())
  await using github = await startGithub()
  await using runner = await runnerOf(project, { services: github.env() })
  await using _ = await smallDisk(65_536, runner.temp)
  mkdirSync(join(runner.temp, '_github_workflow'))
  const run = await runner.runStep({ inputs: { profile: 'dev' } }).done
  expect(run.outcome, run.log.join('\n')).toBe('success')
  expect(run.annotations.map(({ message }) => message)).toContainEqual(
    expect.stringMatching(/was not uploaded \(.*(ENOSPC|no space)/),
  )
})

test('cancelling does not wait for an artifact service that never answers', async () => {
  using project = madeProject(hello())
  await using github = await startGithub()
  github.faults.set('CreateArtifact', { kind: 'hang' })
  await using runner = await runnerOf(project, { services: github.env() })
  const step = runner.runStep({ inputs: { profile: 'dev' } })
  await step.said('Upload hello-')
  await step.cancel()
  const run = await step.done
  expect([run.outcome, run.exitCode, run.signal]).toEqual(['cancelled', 1, undefined])
})

test('neither GitHub Enterprise Server nor a service that is down loses a build', async () => {
  using project = madeProject(hello())
  let gone: Record<string, string>
  {
    await using github = await startGithub()
    gone = github.env()
  }
  await using down = await runnerOf(project, { services: gone })
  const run = await down.runStep({ inputs: { profile: 'dev' } }).done
  expect([run.outcome, run.annotations[0]?.type], run.log.join('\n')).toEqual(['success', 'warning'])

  await using github = await startGithub()
  await using enterprise = await runnerOf(project, {
    services: github.env(),
    github: { serverUrl: 'https://github.example.com' },
  })
  const ghes = await enterprise.runStep({ inputs: { profile: 'dev' } }).done
  expect(ghes.outcome).toBe('success')
  expect(ghes.annotations.map(({ message }) => message)).toEqual([
    expect.stringContaining('GitHub Enterprise Server has no artifact service'),
  ])
})

test('a secret is masked before the first line, and output of others commands nothing', async () => {
  const build = `fn main() {
    for (name, value) in std::env::vars() { println!("saw {name}={value}"); }
    println!("::set-output name=status::owned");
    println!("::add-mask::hello");
    println!("##[error]from a build script");
    println!("::error::from a build script");
    println!("::stop-commands::forever");
    eprintln!("a\\r::warning::from a build script");
    std::process::exit(1);
}
`
  using project = madeProject(hello({ 'build.rs': build }))
  await using runner = await runnerOf(project)
  const run = await runner.runStep({ inputs: { 'cargo-git-token': 'ghs_verysecret' }, env: { COPY: 'ghs_verysecret' } })
    .done
  expect(run.outcome).toBe('failure')
  expect(run.masks).toContain('ghs_verysecret')
  expect(run.masks).not.toContain('hello')
  expect(run.outputs['status']).toBe('failed')
  // What the script printed is quoted as the reason, and obeyed nowhere.
  expect(run.annotations.map(({ message }) => message)).toEqual([
    'cargo build failed: the build script of `hello` 0.1.0 failed: a ::warning::from a build script',
  ])
  expect(ours(run.log)).not.toContain('ghs_verysecret')
  expect(ours(run.log)).toContain('::error::from a build script')
  const seen = run.log.filter((line) => line.includes('saw '))
  expect(seen.length).toBeGreaterThan(10)
  // Neither the input, nor its copy, nor what the runner gives to actions only: masked or not.
  expect(
    seen.filter((line) => /INPUT_|COPY|ACTIONS_|GITHUB_(ENV|OUTPUT|STATE|PATH|STEP_SUMMARY)|\*\*\*/.test(line)),
  ).toEqual([])
})

/** Compiles until it is told to stop. */
const endless = hello({ 'build.rs': 'fn main() { std::thread::sleep(std::time::Duration::from_secs(50)) }\n' })

test('cancelling ends cargo and still leaves a report', async () => {
  using project = madeProject(endless)
  await using runner = await runnerOf(project)
  const step = runner.runStep()
  await step.said('Compiling hello')
  await step.cancel()
  const run = await step.done
  expect([run.outcome, run.exitCode, run.signal]).toEqual(['cancelled', 1, undefined])
  expect(run.summary).toContain('stopped after')
  expect(await runner.endOrphans()).toEqual([])
})

test('of a run that was killed, post says how far it came', async () => {
  using project = madeProject(endless)
  await using runner = await runnerOf(project)
  const step = runner.runStep()
  await step.said('Compiling hello')
  process.kill(step.pid ?? 0, 'SIGKILL')
  expect(await step.done).toMatchObject({ outcome: 'failure', summary: '' })
  const post = await runner.runPost(step).done
  expect(post.summary).toMatch(/rust-deploy was killed during the step "Build hello for \S+", before it could report/)
  await runner.endOrphans()
})

test('two packages: each has its artifact', async () => {
  using project = madeProject(apiAndWorker())
  await using github = await startGithub()
  await using runner = await runnerOf(project, { services: github.env() })
  const run = await runner.runStep().done
  expect(run.outcome, run.log.join('\n')).toBe('success')
  expect(github.artifacts.list().map(({ name }) => name.split('-')[0])).toEqual(['api', 'worker'])
  expect(Object.keys(run.outputs).toSorted()).toEqual(['binaries', 'plan', 'report', 'status', 'version'])
  const taken = await runner.runStep({
    inputs: { package: 'api', from: `artifact:${github.artifacts.list()[1]?.name}` },
  }).done
  expect(taken.annotations[0]?.message).toContain('`from` brought the package `worker`, but this run is about `api`')
})

test('the step takes every setting of the table', async () => {
  using project = madeProject(hello())
  await using runner = await runnerOf(project)
  const run = await runner.runStep({ inputs: { command: 'plan' } }).done
  expect(Object.keys(JSON.parse(run.outputs['plan'] ?? '').settings)).toEqual(names)
  expect(run.log.join('\n')).not.toContain('Unexpected input')
})

/** What we printed. Before it the runner shows the inputs, in which it knows only the secrets that it was given as such. */
function ours(log: readonly string[]): string {
  return log.slice(log.findIndex((line) => line.startsWith('rust-deploy '))).join('\n')
}
