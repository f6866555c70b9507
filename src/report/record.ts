export type StepState = 'done' | 'planned' | 'skipped' | 'failed' | 'cancelled' | 'not-reached'

/** What became of one step of the pipeline. */
export type StepRecord = {
  name: string
  title: string
  state: StepState
  /** Milliseconds since the run began. */
  startedAt: number
  seconds: number
  /** Why it was skipped, or what it failed with. */
  reason?: string
  undo?: 'done' | 'failed'
}
