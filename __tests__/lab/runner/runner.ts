import { mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import { runningFolder } from '../ground/folders.ts'
import { Ownership, processId } from '../ground/owner.ts'
import { giveBack, sweep } from '../ground/release.ts'
import { RUNNER_TIMES, type Times } from './action-process.ts'
import type { JobStatus } from './condition.ts'
import { completeFacts, type Facts, factVariables } from './facts.ts'
import { FileCommands } from './file-commands.ts'
import { type Inputs, inputVariables, resolveInputs } from './inputs.ts'
import { machineVariables, node24, runnerArch, runnerOs } from './machine.ts'
import { type Manifest, readManifest } from './manifest.ts'
import { Masks } from './masks.ts'
import { Matchers } from './matchers.ts'
import { Names } from './names.ts'
import { endTracked, type Orphan, sweepTracked, TRACKING_VARIABLE, trackingId } from './orphans.ts'
import { Phase, type RunningStep, type StepResult, skippedPhase } from './phase.ts'

export type RunnerOptions = {
  /** The folder with the action.yml. */
  action: string
  /** The checkout that the steps work in; an empty folder when it is not given. */
  workspace?: string
  /** What stands in the workflow's `env:`. */
  env?: Readonly<Record<string, string>>
  github?: Partial<Facts>
  /** What `github.token` is. It is masked. */
  token?: string
  /** Secrets of the repository or environment: masked before the first step starts. */
  secrets?: readonly string[]
  /** The ACTIONS_* variables that reach the services. */
  services?: Readonly<Record<string, string>>
  /** Where tools survive from job to job; empty and gone with this runner when it is not given. */
  toolCache?: string
  debug?: boolean
  times?: Partial<Times>
  node?: string
}

export type StepOptions = {
  inputs?: Readonly<Record<string, string>>
  id?: string
  env?: Readonly<Record<string, string>>
  /** The step's `timeout-minutes`. */
  timeoutMs?: number
}

/** One job on a machine of its own. Steps run one after the other; whether to run one is the caller's `if:`. */
export type Runner = AsyncDisposable & {
  readonly workspace: string
  readonly temp: string
  readonly toolCache: string
  readonly status: JobStatus
  runStep(step?: StepOptions): RunningStep
  /** Every step whose main was started has a post, whatever became of it. The last one's comes first. */
  runPost(step: RunningStep): RunningStep
  runPosts(): Promise<readonly StepResult[]>
  /** What GitHub does when the job is over: ends every process that still carries this job's mark. */
  endOrphans(): Promise<readonly Orphan[]>
}

const LONGEST_STEP_MS = 300_000

export async function startRunner(options: RunnerOptions): Promise<Runner> {
  await sweep()
  await sweepTracked()
  return new Job(options)
}

type Step = { id: string; options: StepOptions; inputs: Inputs; state: Names }

class Job implements Runner {
  readonly workspace: string
  readonly temp: string
  readonly toolCache: string
  status: JobStatus = 'success'

  readonly #options: RunnerOptions
  readonly #ownership: Ownership
  readonly #trackingId: string
  readonly #manifest: Manifest
  readonly #facts: Facts
  readonly #eventPath: string
  readonly #masks = new Masks()
  readonly #matchers = new Matchers()
  readonly #env: Map<string, string>
  readonly #steps = new Map<RunningStep, Step>()
  #prependedPath: readonly string[] = []
  #pendingPosts: RunningStep[] = []
  #running: Phase | undefined
  #stepCount = 0

  constructor(options: RunnerOptions) {
    this.#options = options
    this.#manifest = readManifest(resolve(options.action))
    this.#facts = completeFacts(options.github ?? {})
    this.#env = new Map(Object.entries(options.env ?? {}))
    this.#ownership = new Ownership('runner')
    this.#trackingId = trackingId(this.#ownership.id)
    const folder = join(runningFolder(), this.#ownership.id)
    this.#ownership.holds({ kind: 'folder', path: folder })
    const name = this.#facts.repository.slice(this.#facts.repository.indexOf('/') + 1)
    this.temp = made(join(folder, '_temp'))
    this.toolCache = made(resolve(options.toolCache ?? join(folder, '_tool')))
    this.workspace = made(resolve(options.workspace ?? join(folder, name, name)))
    this.#eventPath = join(made(join(this.temp, '_github_workflow')), 'event.json')
    for (const secret of this.#secrets()) this.#masks.addWithLines(secret.trim())
  }

  runStep(options: StepOptions = {}): RunningStep {
    this.#stepCount += 1
    const generated = this.#stepCount === 1 ? '__self' : `__self_${this.#stepCount}`
    const inputs = resolveInputs(this.#manifest.inputs, options.inputs ?? {}, (name) => this.#contextValue(name))
    const step = { id: options.id ?? generated, options, inputs, state: new Names() }
    const running = this.#start(step, 'main', this.#manifest.main)
    this.#steps.set(running, step)
    if (this.#manifest.post !== undefined) this.#pendingPosts.push(running)
    return running
  }

  runPost(running: RunningStep): RunningStep {
    const step = this.#steps.get(running)
    const last = this.#pendingPosts.at(-1)
    if (step === undefined || this.#manifest.post === undefined || !this.#pendingPosts.includes(running)) {
      throw new Error(`step ${running.id} has no post to run: there is none in action.yml, or it has run`)
    }
    if (last !== running)
      throw new Error(`posts run last first: the next one is that of ${last?.id}, not ${running.id}`)
    if (!this.#manifest.postApplies(this.status)) {
      this.#pendingPosts.pop()
      return skippedPhase(step.id)
    }
    const post = this.#start(step, 'post', this.#manifest.post)
    this.#pendingPosts.pop()
    return post
  }

  async runPosts(): Promise<readonly StepResult[]> {
    const results: StepResult[] = []
    for (const step of this.#pendingPosts.toReversed()) results.push(await this.runPost(step).done)
    return results
  }

  endOrphans(): Promise<readonly Orphan[]> {
    return endTracked(this.#trackingId)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#running?.kill()
    // Also frees the pipes, which a grandchild may hold open.
    await this.endOrphans()
    await Promise.allSettled([this.#running?.done])
    await this.#ownership.release(giveBack)
  }

  #start(step: Step, stage: 'main' | 'post', script: string): Phase {
    if (this.#running !== undefined) throw new Error(`step ${this.#running.id} is still running: wait for its \`done\``)
    const files = new FileCommands(this.temp)
    writeFileSync(this.#eventPath, JSON.stringify(this.#facts.event, undefined, 2))
    const title = `Run ${this.#uses()}`
    const phase = new Phase({
      id: step.id,
      stage,
      title: stage === 'main' ? title : `Post ${title}`,
      script,
      node: this.#options.node ?? node24(),
      workspace: this.workspace,
      env: this.#variables(step, files),
      header: stage === 'main' ? this.#header(step, title) : ['Post job cleanup.'],
      warnings: step.inputs.warnings,
      files,
      state: step.state,
      masks: this.#masks,
      matchers: this.#matchers,
      debug: this.#options.debug ?? false,
      times: { ...RUNNER_TIMES, ...this.#options.times },
      timeoutMs: step.options.timeoutMs ?? LONGEST_STEP_MS,
      onStart: (pid) => {
        const known = processId(pid)
        if (known !== undefined) this.#ownership.holds({ kind: 'process', process: known, group: false })
      },
      onCancel: () => {
        this.status = 'cancelled'
      },
      onEnd: (result) => this.#take(result),
    })
    this.#running = phase
    return phase
  }

  /** What a step exported is there for all that comes after it. */
  #take(result: StepResult): void {
    this.#running = undefined
    for (const [name, value] of Object.entries(result.exportedEnv)) this.#env.set(name, value)
    for (const entry of result.path) {
      this.#prependedPath = [...this.#prependedPath.filter((other) => other !== entry), entry]
    }
    if (result.outcome === 'failure' && this.status === 'success') this.status = 'failure'
  }

  /** From weak to strong, as the runner lays them over each other: a step cannot forge what the runner says. */
  #variables(step: Step, files: FileCommands): Record<string, string> {
    const machine = machineVariables(process.env)
    const given = { ...Object.fromEntries(this.#env), ...step.options.env }
    const path = [...this.#prependedPath.toReversed(), given['PATH'] ?? machine['PATH'] ?? ''].join(delimiter)
    const variables: Record<string, string> = {
      ...machine,
      CI: 'true',
      ...given,
      ...Object.fromEntries([...step.state].map(([name, value]) => [`STATE_${name}`, value])),
      ...inputVariables(step.inputs.values),
      PATH: path,
      ...this.#contextVariables(),
      ...files.variables,
      GITHUB_ACTION: step.id,
      GITHUB_ACTIONS: 'true',
      ...this.#options.services,
      [TRACKING_VARIABLE]: this.#trackingId,
    }
    // It would point this Node to another one's data.
    delete variables['NODE_ICU_DATA']
    return variables
  }

  #contextVariables(): Record<string, string> {
    return {
      ...factVariables(this.#facts),
      GITHUB_EVENT_PATH: this.#eventPath,
      GITHUB_WORKSPACE: this.workspace,
      RUNNER_ARCH: runnerArch(),
      RUNNER_ENVIRONMENT: 'github-hosted',
      RUNNER_NAME: 'GitHub Actions 1',
      RUNNER_OS: runnerOs(),
      RUNNER_TEMP: this.temp,
      RUNNER_TOOL_CACHE: this.toolCache,
      RUNNER_WORKSPACE: dirname(this.workspace),
      ...(this.#options.debug && { RUNNER_DEBUG: '1' }),
    }
  }

  /** `github.ref_name` is GITHUB_REF_NAME; the token alone is in the context and not in the environment. */
  #contextValue(expression: string): string | undefined {
    if (expression === 'github.token') return this.#options.token ?? ''
    if (!/^(github|runner)\.\w+$/.test(expression)) return undefined
    return this.#contextVariables()[expression.replace('.', '_').toUpperCase()]
  }

  #header(step: Step, title: string): string[] {
    const inputs = [...step.inputs.values].filter(([, value]) => value !== '')
    const env = Object.entries({ ...Object.fromEntries(this.#env), ...step.options.env })
    return [
      `##[group]${title}`,
      ...(inputs.length > 0 ? ['with:', ...inputs.map(([name, value]) => `  ${name}: ${value}`)] : []),
      ...(env.length > 0 ? ['env:', ...env.map(([name, value]) => `  ${name}: ${value}`)] : []),
      '##[endgroup]',
    ]
  }

  #uses(): string {
    const { actionRepository, actionRef } = this.#facts
    return actionRepository === '' ? './' : `${actionRepository}@${actionRef}`
  }

  #secrets(): readonly string[] {
    const { secrets = [], token = '', services = {} } = this.#options
    const credentials = Object.entries(services).filter(([name]) => name.endsWith('_TOKEN'))
    return [...secrets, token, ...credentials.map(([, value]) => value)]
  }
}

function made(folder: string): string {
  mkdirSync(folder, { recursive: true })
  return realpathSync(folder)
}
