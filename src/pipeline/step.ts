import type { Log } from '../report/log.ts'

export type StepContext = { log: Log; signal: AbortSignal }

export type StepOptions<T> = {
  /** Stands in report.json and never changes. */
  name: string
  title: string
  /** `true`, or why this run leaves it out. */
  applies?: () => true | string
  /** What a dry run says that `run` would do. */
  plan: () => readonly string[]
  run: (context: StepContext) => Promise<T>
  /** When it fails, the others of its stage still run, so that one run shows everything; what follows does not. */
  failsLate?: true
  /** What it makes is for nobody when another step of its stage fails: it is stopped then, and that is no failure. */
  onlyIfAllGoesWell?: true
  /** Takes back what `run` did, when a later step fails, unless another step has seen to it. */
  isSettled?: () => boolean
  undo?(result: T, context: StepContext): Promise<void>
}

/** One step as data. Steps that come later read its result, and get a plain error when it has none. */
export class Step<T = unknown> {
  readonly name: string
  readonly title: string
  readonly #options: StepOptions<T>
  #done: { result: T } | undefined

  constructor(options: StepOptions<T>) {
    this.name = options.name
    this.title = options.title
    this.#options = options
  }

  get result(): T {
    if (this.#done === undefined) throw new Error(`The step "${this.name}" was asked for its result before it had one.`)
    return this.#done.result
  }

  get hasRun(): boolean {
    return this.#done !== undefined
  }

  get failsLate(): boolean {
    return this.#options.failsLate === true
  }

  get onlyIfAllGoesWell(): boolean {
    return this.#options.onlyIfAllGoesWell === true
  }

  get canUndo(): boolean {
    const { undo, isSettled } = this.#options
    return this.hasRun && undo !== undefined && isSettled?.() !== true
  }

  applies(): true | string {
    return this.#options.applies?.() ?? true
  }

  plan(): readonly string[] {
    return this.#options.plan()
  }

  async run(context: StepContext): Promise<void> {
    this.#done = { result: await this.#options.run(context) }
  }

  async undo(context: StepContext): Promise<void> {
    await this.#options.undo?.(this.result, context)
  }
}

/** Stages that come one after the other while other lanes go their own way. */
export type Lane = readonly Stage[]

/** Lanes that may go side by side, which is judged when they begin; else they go one after the other. */
export type InTurn = { lanes: readonly Lane[]; mayGoBeside: () => boolean }

/** One step, or lanes side by side; the first of them is the one that is shown while it goes on. */
export type Stage = Step | readonly Lane[] | InTurn

// A step of any result fits into the list; only its own users know the type.
export type Pipeline = readonly Stage[]

/** Lanes that go on beside the first; those without a step are none. */
export function besideEachOther(...lanes: readonly Lane[]): Stage {
  return lanes.filter((lane) => lane.length > 0)
}

export function inTurnUnless(mayGoBeside: () => boolean, ...lanes: readonly Lane[]): Stage {
  return { lanes, mayGoBeside }
}

/** Every step of a stage, in the order in which it is written down. */
export function stepsOf(stage: Stage): Step[] {
  if (stage instanceof Step) return [stage]
  return ('lanes' in stage ? stage.lanes : stage).flatMap((lane) => lane.flatMap(stepsOf))
}
