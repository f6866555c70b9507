import { stripVTControlCharacters } from 'node:util'

export type ActResult = 'success' | 'failure' | 'skipped'

export type ActStep = {
  /** As the workflow says, or its number. */
  id: string
  name: string
  stage: 'Pre' | 'Main' | 'Post'
  result: ActResult | undefined
  outputs: Record<string, string>
  /** What it printed, without colours. */
  log: string[]
  summary: string
}

export type ActJob = {
  id: string
  /** `workflow/job`, with the calling job before it and `-1`, `-2` … after it in a matrix of several. */
  name: string
  matrix: Record<string, unknown>
  /** After a leg of a matrix has failed, act calls the legs that end later failed as well; their steps are not. */
  result: ActResult | undefined
  steps: ActStep[]
}

/** One line of `act --json --verbose`, as far as it is of use. */
type Entry = {
  level?: string
  msg?: string
  job?: string
  jobID?: string
  jobResult?: ActResult
  matrix?: Record<string, unknown> | null
  step?: string
  stepID?: string[]
  stage?: ActStep['stage']
  stepResult?: ActResult
  raw_output?: boolean
  command?: string
  name?: string
  arg?: string
  content?: string
}

/** Gathers what act tells about its jobs. Outputs of jobs it never tells: print them in a later step to see them. */
export class ActLog {
  /** For people: all but what act says for debugging. */
  readonly lines: string[] = []
  readonly jobs: ActJob[] = []

  take(line: string): void {
    const entry = parse(line)
    const text = stripVTControlCharacters(entry.msg ?? line).trimEnd()
    if (entry.level !== 'debug') this.lines.push(entry.job === undefined ? text : `[${entry.job.trim()}] ${text}`)
    if (entry.job === undefined || entry.jobID === undefined) return

    const job = this.#job(entry.job.trim(), entry.jobID, entry.matrix ?? {})
    if (entry.jobResult !== undefined) job.result = entry.jobResult
    const id = entry.stepID?.join('/')
    if (id === undefined || entry.stage === undefined) return
    const step = stepOf(job, id, entry.stage, entry.step ?? '')
    if (entry.stepResult !== undefined) step.result = entry.stepResult
    if (entry.raw_output === true) step.log.push(text)
    if (entry.command === 'set-output') step.outputs[entry.name ?? ''] = entry.arg ?? ''
    if (entry.command === 'summary') step.summary += entry.content ?? ''
  }

  #job(name: string, id: string, matrix: Record<string, unknown>): ActJob {
    const known = this.jobs.find((job) => job.name === name)
    if (known !== undefined) return known
    const job = { id, name, matrix, result: undefined, steps: [] }
    this.jobs.push(job)
    return job
  }
}

function stepOf(job: ActJob, id: string, stage: ActStep['stage'], name: string): ActStep {
  const known = job.steps.find((step) => step.id === id && step.stage === stage)
  if (known !== undefined) return known
  const step = { id, name, stage, result: undefined, outputs: {}, log: [], summary: '' }
  job.steps.push(step)
  return step
}

function parse(line: string): Entry {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    // Its own complaints at the very end are plain text.
    return {}
  }
}
