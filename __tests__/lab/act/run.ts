import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { runningFolder } from '../ground/folders.ts'
import { kept } from '../ground/machine.ts'
import { Ownership } from '../ground/owner.ts'
import { Program } from '../ground/program.ts'
import { giveBack, sweep } from '../ground/release.ts'
import { node24 } from '../runner/machine.ts'
import { copyRepository } from './copy.ts'
import { type ActJob, ActLog } from './log.ts'
import { actProgram } from './program.ts'

export type ActOptions = {
  /** The folder of the repository. What runs is a copy of it. */
  repository: string
  /** What is copied, relative to it; by default every file that git does not ignore. */
  files?: readonly string[]
  /** The path of the workflow in the repository. */
  workflow: string
  /** This job and those that it needs; by default all. */
  job?: string
  /** push, workflow_dispatch, … */
  event: string
  /** What GitHub sends with it, beside `ref` (refs/heads/main), `inputs` and `repository`. */
  eventPayload?: Readonly<Record<string, unknown>>
  inputs?: Readonly<Record<string, string>>
  secrets?: Readonly<Record<string, string>>
  /** Reaches every step, `run:` steps included: act cannot give something to actions only. */
  env?: Readonly<Record<string, string>>
  /** The folder with the `node` that runs the actions; by default the one that runs the tests. */
  nodePath?: string
  /** Beside ubuntu-latest, the labels of `runs-on` that are this machine. */
  labels?: readonly string[]
  timeoutMs?: number
}

export type ActRun = {
  /** 0 when no job failed. */
  code: number
  /** For people, without colours. The last lines of a step that failed may be missing or come late. */
  log: string
  jobs: readonly ActJob[]
}

/**
 * Runs a workflow with act on this machine itself, without containers. What differs from GitHub: stdout of a step is a
 * terminal; `null != null` is true, so a condition must ask for the value itself; an empty matrix makes one job with no
 * values; job outputs of a matrix are those of the leg that ends first; as many jobs run at once as there are processors.
 */
export async function runAct(options: ActOptions): Promise<ActRun> {
  await sweep()
  const file = await actProgram()
  const ownership = new Ownership('act')
  const folder = join(runningFolder(), ownership.id)
  ownership.holds({ kind: 'folder', path: folder })
  try {
    const { payload, ref, name } = eventOf(options)
    await copyRepository({
      from: options.repository,
      to: join(folder, 'repository'),
      ...(options.files !== undefined && { files: options.files }),
      ref,
      name,
    })
    mkdirSync(join(folder, 'home'))
    // JSON is YAML too. A token that is given and empty keeps act from asking the user's own gh for one.
    const secrets = { GITHUB_TOKEN: '', ...options.secrets }
    writeFileSync(join(folder, 'secrets.yml'), JSON.stringify(secrets), { mode: 0o600 })
    writeFileSync(join(folder, 'event.json'), JSON.stringify(payload))

    const log = new ActLog()
    const program = Program.start(ownership, {
      argv: [file, ...actArguments(options, folder)],
      env: environment(options, folder),
      cwd: join(folder, 'repository'),
      onLine: (line) => log.take(line),
    })
    const timeoutMs = options.timeoutMs ?? 300_000
    const late = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), timeoutMs).unref())
    const ended = await Promise.race([program.ended, late])
    if (ended === undefined) {
      throw new Error(`${options.workflow} did not end within ${timeoutMs} ms\n${log.lines.slice(-50).join('\n')}`)
    }
    if (ended.code === null) throw new Error(`act was ended by ${ended.signal}\n${log.lines.join('\n')}`)
    return { code: ended.code, log: log.lines.join('\n'), jobs: log.jobs }
  } finally {
    await ownership.release(giveBack)
  }
}

function eventOf({ eventPayload = {}, inputs = {} }: ActOptions): { payload: unknown; ref: string; name: string } {
  const repository = { full_name: 'org/repository', default_branch: 'main', ...(eventPayload['repository'] ?? {}) }
  const ref = typeof eventPayload['ref'] === 'string' ? eventPayload['ref'] : 'refs/heads/main'
  return { payload: { inputs, ...eventPayload, ref, repository }, ref, name: repository.full_name }
}

function actArguments(options: Pick<ActOptions, 'event' | 'workflow' | 'job' | 'labels'>, folder: string): string[] {
  const labels = ['ubuntu-latest', ...(options.labels ?? [])]
  return [
    options.event,
    ...['--workflows', options.workflow],
    ...(options.job === undefined ? [] : ['--job', options.job]),
    ...labels.flatMap((label) => ['--platform', `${label}=-self-hosted`]),
    ...['--eventpath', join(folder, 'event.json'), '--secret-file', join(folder, 'secrets.yml')],
    // Otherwise it reads .env, .vars and .input of the repository, which GitHub does not.
    ...['--env-file', '/dev/null', '--var-file', '/dev/null', '--input-file', '/dev/null'],
    // Only with --verbose does it name the jobs and steps that it skips.
    ...['--json', '--verbose', '--rm'],
    // Its own services speak older protocols than today's actions, and would hide ours.
    '--no-cache-server',
    // Every file of the copy is there because git knows it.
    '--use-gitignore=false',
    ...['--container-daemon-socket', '-'],
  ]
}

/** act gives its whole environment to every step, so it is as small as it can be. */
function environment({ nodePath = dirname(node24()), env }: ActOptions, folder: string): Record<string, string> {
  return {
    ...rustOfUser(),
    ...kept(),
    PATH: `${nodePath}:${process.env['PATH'] ?? ''}`,
    LANG: 'C.UTF-8',
    HOME: join(folder, 'home'),
    XDG_CACHE_HOME: join(folder, 'cache'),
    XDG_CONFIG_HOME: join(folder, 'config'),
    // Otherwise it asks its makers for news.
    ACT_DISABLE_VERSION_CHECK: '1',
    ...env,
  }
}

/** Rust is found through HOME, and HOME is another one here. */
function rustOfUser(): Record<string, string> {
  const places = { CARGO_HOME: join(homedir(), '.cargo'), RUSTUP_HOME: join(homedir(), '.rustup') }
  return Object.fromEntries(Object.entries(places).filter(([, path]) => existsSync(path)))
}
