import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { ActionProcess, type Ending, type Times } from './action-process.ts'
import type { Annotation, AnnotationType } from './annotation.ts'
import type { FileCommands, Written } from './file-commands.ts'
import type { Masks } from './masks.ts'
import type { Matchers } from './matchers.ts'
import { Names } from './names.ts'
import { StepLog } from './step-log.ts'

export type StepResult = {
  outcome: 'success' | 'failure' | 'cancelled' | 'skipped'
  /** As the runner counts: 128 + its number for a process that a signal ended. Undefined when none was started. */
  exitCode: number | undefined
  signal: NodeJS.Signals | undefined
  outputs: Readonly<Record<string, string>>
  state: Readonly<Record<string, string>>
  exportedEnv: Readonly<Record<string, string>>
  path: readonly string[]
  /** Markdown, masked; empty when nothing or too much was written. */
  summary: string
  log: readonly string[]
  annotations: readonly Annotation[]
  /** Those over ten of a type, which stand only in the log. */
  notShown: Readonly<Record<AnnotationType, number>>
  groups: readonly string[]
  /** All that is masked in the job by now, without the encoded forms that follow from it. */
  masks: readonly string[]
  /** Owners of the problem matchers that are in force when the phase is over. */
  matchers: readonly string[]
  artifacts: readonly string[]
  fileErrors: readonly string[]
}

export type RunningStep = {
  readonly id: string
  readonly pid: number | undefined
  readonly done: Promise<StepResult>
  /** Cancels the job as the button on GitHub does; `done` follows. */
  cancel(): Promise<void>
  /** Waits until a line of the log contains the text, and gives that line. */
  said(text: string): Promise<string>
}

export type PhaseOptions = {
  id: string
  stage: 'main' | 'post'
  title: string
  script: string
  node: string
  workspace: string
  env: Readonly<Record<string, string>>
  header: readonly string[]
  warnings: readonly string[]
  files: FileCommands
  state: Names
  masks: Masks
  matchers: Matchers
  debug: boolean
  times: Times
  timeoutMs: number
  onStart: (pid: number) => void
  onCancel: () => void
  onEnd: (result: StepResult) => void
}

/** Main or post of one step. It is running as soon as it exists. */
export class Phase implements RunningStep {
  readonly id: string
  readonly done: Promise<StepResult>
  readonly #options: PhaseOptions
  readonly #log: StepLog
  readonly #outputs = new Names()
  readonly #process: ActionProcess | undefined
  #stopped: 'cancelled' | 'timed out' | undefined
  #over = false

  constructor(options: PhaseOptions) {
    const { masks, matchers, workspace, debug, state, script, node, env, times } = options
    this.id = options.id
    this.#options = options
    this.#log = new StepLog({ masks, matchers, workspace, debug, state, outputs: this.#outputs })
    for (const message of options.warnings) this.#log.annotate({ type: 'warning', message })
    for (const line of options.header) this.#log.write(line)
    if (existsSync(script)) {
      const onLine = this.#log.take.bind(this.#log)
      this.#process = new ActionProcess({ node, script, cwd: workspace, env, times, onLine })
      if (this.#process.pid !== undefined) options.onStart(this.#process.pid)
    } else {
      this.#log.error(`File not found: '${script}'`)
    }
    this.done = this.#finish()
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  async cancel(): Promise<void> {
    if (this.#over || this.#stopped !== undefined) return
    this.#stopped = 'cancelled'
    this.#options.onCancel()
    await this.#process?.cancel()
  }

  kill(): void {
    this.#process?.kill()
  }

  said(text: string): Promise<string> {
    const already = this.#log.lines.find((line) => line.includes(text))
    if (already !== undefined) return Promise.resolve(already)
    return new Promise((resolve, reject) => {
      const forget = this.#log.onLine((line) => {
        if (!line.includes(text)) return
        forget()
        resolve(line)
      })
      // Without effect when it was said.
      const tooLate = () => reject(new Error(`the step ended and never said "${text}":\n${this.#log.lines.join('\n')}`))
      this.done.then(tooLate, tooLate)
    })
  }

  async #finish(): Promise<StepResult> {
    const { timeoutMs, files, masks, state } = this.#options
    const timeout = setTimeout(() => {
      if (this.#stopped !== undefined) return
      this.#stopped = 'timed out'
      void this.#process?.cancel()
    }, timeoutMs)
    const ending = await this.#process?.ended
    clearTimeout(timeout)
    this.#over = true
    const written = files.read(this.#log, masks, state, this.#outputs)
    const result = this.#result(ending, written)
    this.#options.onEnd(result)
    return result
  }

  #result(ending: Ending | undefined, written: Written): StepResult {
    const outcome = this.#outcome(ending, written)
    const { masks, matchers, stage, state } = this.#options
    const { lines, annotations, notShown, groups } = this.#log
    return {
      outcome,
      exitCode: exitCode(ending),
      signal: ending?.kind === 'killed' ? ending.signal : undefined,
      // A post has no name by which another step could read what it sets.
      outputs: Object.fromEntries(stage === 'main' ? this.#outputs : []),
      state: Object.fromEntries(state),
      exportedEnv: Object.fromEntries(written.env),
      path: written.path,
      summary: written.summary,
      log: lines,
      annotations,
      notShown,
      groups,
      masks: masks.values,
      matchers: matchers.all.map((matcher) => matcher.owner),
      artifacts: written.artifacts,
      fileErrors: written.errors,
    }
  }

  #outcome(ending: Ending | undefined, written: Written): 'success' | 'failure' | 'cancelled' {
    if (this.#stopped === 'cancelled') {
      this.#log.error('The operation was canceled.')
      return 'cancelled'
    }
    if (this.#stopped === 'timed out') {
      const { title, timeoutMs } = this.#options
      this.#log.error(`The action '${title}' has timed out after ${timeoutMs / 60_000} minutes.`)
      return 'failure'
    }
    if (ending?.kind === 'unstartable') this.#log.error(ending.cause.message)
    const failed = exitCode(ending) !== 0 || this.#log.refusedCommand || written.errors.length > 0
    return failed ? 'failure' : 'success'
  }
}

function exitCode(ending: Ending | undefined): number | undefined {
  switch (ending?.kind) {
    case 'exited':
      return ending.code
    case 'killed':
      return 128 + constants.signals[ending.signal]
    case 'unstartable':
    case undefined:
      return undefined
  }
}

/** A post whose `post-if` says no. */
export function skippedPhase(id: string): RunningStep {
  const result: StepResult = {
    outcome: 'skipped',
    exitCode: undefined,
    signal: undefined,
    outputs: {},
    state: {},
    exportedEnv: {},
    path: [],
    summary: '',
    log: [],
    annotations: [],
    notShown: { error: 0, warning: 0, notice: 0 },
    groups: [],
    masks: [],
    matchers: [],
    artifacts: [],
    fileErrors: [],
  }
  return {
    id,
    pid: undefined,
    done: Promise.resolve(result),
    cancel: () => Promise.resolve(),
    said: (text) => Promise.reject(new Error(`the step was skipped and never said "${text}"`)),
  }
}
