import { randomUUID } from 'node:crypto'

export type CacheMode = 'none' | 'read' | 'write' | 'write-only'

/** The job that a token is made for. All of it has a default: a push to the default branch. */
export type Run = {
  repository?: string
  /** The ids that the results service knows; jobs with the same run share artifacts. */
  run?: string
  job?: string
  ref?: string
  /** Of a pull request: the ref that it wants to be merged into. */
  baseRef?: string
  defaultBranch?: string
  cacheMode?: CacheMode
}

export type Scope = { scope: string; read: boolean; write: boolean }

/** What the service learns from a token: who asks, and which caches it may read and write, in the order of the search. */
export type Caller = { repository: string; run: string; job: string; scopes: readonly Scope[] }

export function callerOf(run: Run): Caller {
  const defaultRef = `refs/heads/${run.defaultBranch ?? 'main'}`
  return {
    repository: run.repository ?? 'octo/hello',
    run: run.run ?? 'run-1',
    job: run.job ?? randomUUID(),
    scopes: scopesOf(run.ref ?? defaultRef, [run.baseRef ?? defaultRef, defaultRef], run.cacheMode ?? 'write'),
  }
}

function scopesOf(own: string, others: readonly string[], mode: CacheMode): Scope[] {
  const read = mode === 'read' || mode === 'write'
  const write = mode === 'write' || mode === 'write-only'
  const further = [...new Set(others)].filter((scope) => scope !== own)
  return [{ scope: own, read, write }, ...further.map((scope) => ({ scope, read, write: false }))].filter(
    (scope) => scope.read || scope.write,
  )
}
