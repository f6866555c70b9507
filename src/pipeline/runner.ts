import type { Display } from '../report/display.ts'
import { Cancelled, Failed } from '../report/ending.ts'
import type { Finding } from '../report/finding.ts'
import type { Log } from '../report/log.ts'
import type { StepRecord, StepState } from '../report/record.ts'
import { sideBySide } from './lanes.ts'
import { type Pipeline, type Stage, Step, stepsOf } from './step.ts'

export type RunnerOptions = {
  display: Display
  signal: AbortSignal
  dryRun: boolean
  /** When the run began, in milliseconds since 1970: the times of the records count from it. */
  began: number
  /** Hears at each start and end of a step which ones are running, for whoever must tell it after we were killed. */
  onRunning?: (titles: readonly string[]) => void
}

export type PipelineEnd = {
  records: readonly StepRecord[]
  findings: readonly Finding[]
  /** What the first step failed with; absent when all went well. */
  failure?: { step: string; error: unknown }
}

/** After a cancel everything must be over within 5 seconds: children have 2 of them to end, then steps are left alone. */
const STEP_AFTER_CANCEL_MS = 2750
const ALL_AFTER_CANCEL_MS = 4250
const UNDO_MS = 60_000

/** Runs the steps in their order. The first failure stops those beside it, and what was done is undone in reverse. */
export async function runPipeline(pipeline: Pipeline, options: RunnerOptions): Promise<PipelineEnd> {
  const findings: Finding[] = []
  const over = rejectedAfter(options.signal, ALL_AFTER_CANCEL_MS, new Error('it took too long'))
  // Most runs are never cancelled, and then nobody waits for it.
  over.catch(() => {})
  const run: StepRun = { ...options, findings, over, running: new Set() }
  const records = new Map<Step, StepRecord>()
  const finished: Step[] = []
  let failure: PipelineEnd['failure']

  for (const stage of pipeline) {
    for (const step of stepsOf(stage)) records.set(step, notReached(step, options.began))
    if (failure === undefined) failure = await runStage(stage, run, records, finished)
  }
  if (failure !== undefined) await undoAll(finished, records, run)
  return { records: [...records.values()], findings, ...(failure !== undefined && { failure }) }
}

/** Gives what the stage failed with: the first error, or all those that were left for its end. */
async function runStage(
  whole: Stage,
  run: StepRun,
  records: Map<Step, StepRecord>,
  finished: Step[],
): Promise<PipelineEnd['failure']> {
  const siblings = new AbortController()
  const hopes = new AbortController()
  const signal = AbortSignal.any([run.signal, siblings.signal])
  const whileHopeful = AbortSignal.any([signal, hopes.signal])
  const late = new Map<Step, unknown>()
  let first: PipelineEnd['failure']

  const runOne = async (step: Step, display: Display) => {
    if (step.onlyIfAllGoesWell && late.size > 0) return
    const own = step.onlyIfAllGoesWell ? whileHopeful : signal
    const { record, error } = await runStep(step, { ...run, display, signal: own, hopes: hopes.signal })
    records.set(step, record)
    if (record.state === 'done') finished.push(step)
    if (error === undefined) return
    if (step.failsLate && record.state === 'failed') {
      late.set(step, error)
      hopes.abort(step.title)
      return
    }
    // The first error is the cause; what the others say after being stopped is only its echo.
    if (!siblings.signal.aborted) first = { step: step.name, error }
    siblings.abort()
  }
  const runEach = async (stages: readonly Stage[], display: Display): Promise<void> => {
    for (const stage of stages) {
      // What has not begun when another lane fails is not reached; when the run is cancelled, it says so itself.
      if (siblings.signal.aborted) return
      if (stage instanceof Step) await runOne(stage, display)
      else if (!('lanes' in stage)) await sideBySide(stage, display, runEach)
      else if (stage.mayGoBeside()) await sideBySide(stage.lanes, display, runEach)
      else await runEach(stage.lanes.flat(), display)
    }
  }
  await runEach([whole], run.display)
  const inOrder = stepsOf(whole).filter((step) => late.has(step))
  return first ?? together(inOrder.map((step) => ({ step: step.name, error: late.get(step) })))
}

function together(late: readonly { step: string; error: unknown }[]): PipelineEnd['failure'] {
  const unexpected = late.find(({ error }) => !(error instanceof Failed))
  if (unexpected !== undefined || late.length < 2) return unexpected ?? late[0]
  const messages = late.map(({ error }) => (error as Failed).message)
  return { step: late.map(({ step }) => step).join(', '), error: new Failed(messages.join('\n')) }
}

type StepRun = RunnerOptions & {
  findings: Finding[]
  /** The steps that are running, oldest first. */
  running: Set<Step>
  /** Rejects when a cancelled run must be over, whatever it is doing then. */
  over: Promise<never>
  /** Ended when a step of the stage has failed: what is only of use without that is stopped. */
  hopes?: AbortSignal
}

async function runStep(step: Step, run: StepRun): Promise<{ record: StepRecord; error?: unknown }> {
  const { display, signal } = run
  const started = Date.now()
  const record = (state: StepState, reason?: string): StepRecord => ({
    name: step.name,
    title: step.title,
    state,
    startedAt: started - run.began,
    seconds: (Date.now() - started) / 1000,
    ...(reason !== undefined && { reason }),
  })
  const ended = (ending: StepRecord, error?: unknown) => {
    if (run.running.delete(step)) tellRunning(run)
    display.stepEnded(ending)
    return { record: ending, ...(error !== undefined && { error }) }
  }

  try {
    const applies = step.applies()
    if (applies !== true) return ended(record('skipped', applies))
    display.stepStarted(step.title)
    run.running.add(step)
    tellRunning(run)
    if (run.dryRun) {
      for (const line of step.plan()) display.line(line)
      return ended(record('planned'))
    }
    if (signal.aborted) throw new Cancelled('The run was stopped.')
    const stopped = new Cancelled(`"${step.title}" did not stop in time and was left alone.`)
    await Promise.race([step.run({ log: logOf(run), signal }), rejectedAfter(signal, STEP_AFTER_CANCEL_MS, stopped)])
    return ended(record('done'))
  } catch (error) {
    if (step.onlyIfAllGoesWell && run.hopes?.aborted) {
      display.line(`Stopped, since "${run.hopes.reason}" failed.`)
      return ended(record('cancelled', `"${run.hopes.reason}" failed`))
    }
    const reason = error instanceof Error ? error.message : String(error)
    const stopped = error instanceof Cancelled || signal.aborted
    return ended(record(stopped ? 'cancelled' : 'failed', reason), error ?? new Error('a step failed without an error'))
  }
}

async function undoAll(finished: readonly Step[], records: Map<Step, StepRecord>, run: StepRun): Promise<void> {
  for (const step of finished.toReversed()) {
    const record = records.get(step)
    if (!step.canUndo || record === undefined) continue
    run.display.line(`Undoing: ${step.title}`)
    const limit = AbortSignal.timeout(UNDO_MS)
    const tooLate = new Error('it took too long')
    try {
      await Promise.race([step.undo({ log: logOf(run), signal: limit }), rejectedAfter(limit, 0, tooLate), run.over])
      records.set(step, { ...record, undo: 'done' })
    } catch (error) {
      // The next ones are undone all the same; what is left behind is said, with its reason.
      records.set(step, { ...record, undo: 'failed' })
      run.findings.push({
        level: 'error',
        title: `Could not undo: ${step.title}`,
        message: error instanceof Error ? error.message : String(error),
      })
    }
  }
}

/** Who listens only wants to know how far we came: that it cannot be written down is no reason to stop. */
function tellRunning({ onRunning, running, display }: StepRun): void {
  try {
    onRunning?.([...running].map(({ title }) => title))
  } catch (error) {
    display.problem(
      'warning',
      `What is running could not be noted: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

function logOf({ display, findings }: StepRun): Log {
  return {
    info: (text) => display.line(text),
    output: (line) => display.line(line),
    finding: (finding) => {
      findings.push(finding)
      display.problem(finding.level, inLog(finding))
    },
  }
}

/** An annotation has its place and its title around it. In a log, an error without them could be anywhere. */
function inLog({ level, title, message, place }: Finding): string {
  if (place === undefined) return level === 'error' ? `${title}: ${message}` : message
  return `${place.file}${place.line === undefined ? '' : `:${place.line}`}: ${title}: ${message}`
}

function notReached(step: Step, began: number): StepRecord {
  return { name: step.name, title: step.title, state: 'not-reached', startedAt: Date.now() - began, seconds: 0 }
}

/** Rejects a while after the signal; for who cannot be stopped by it. */
function rejectedAfter(signal: AbortSignal, milliseconds: number, error: Error): Promise<never> {
  return new Promise((_, reject) => {
    const wait = () => setTimeout(() => reject(error), milliseconds)
    if (signal.aborted) wait()
    else signal.addEventListener('abort', wait, { once: true })
  })
}
