export type WorkflowRun = {
  /** The number that stands in its address, and that the API knows. */
  id: number
  /** The id that the results service knows; artifacts belong to it. */
  run: string
  repository: string
  /** Where its code came from; null when that fork is gone. */
  headRepository: string | null
  headSha: string
  status: 'queued' | 'in_progress' | 'completed'
  conclusion: 'success' | 'failure' | 'cancelled' | null
}

/** The runs that the API tells of: those that a test has added. */
export class WorkflowRuns {
  readonly #all: WorkflowRun[] = []

  add(run: Partial<WorkflowRun> & { id: number }): WorkflowRun {
    const repository = run.repository ?? 'octo/hello'
    const added: WorkflowRun = {
      run: 'run-1',
      repository,
      headRepository: repository,
      headSha: 'c0ffee'.padEnd(40, '0'),
      status: 'completed',
      conclusion: 'success',
      ...run,
    }
    this.#all.push(added)
    return added
  }

  find(repository: string, id: number): WorkflowRun | undefined {
    return this.#all.find((run) => run.repository === repository && run.id === id)
  }
}
