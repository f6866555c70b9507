import { Failed, Refused } from '../report/ending.ts'
import type { Log } from '../report/log.ts'

/** A cache that cannot be made is told, and costs the run nothing else. */
export async function orWithout<T>(log: Log, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Failed || error instanceof Refused)) throw error
    log.finding({
      level: 'warning',
      title: 'Dependencies not cached',
      message: `${error.message} The run goes on without a cache of its dependencies.`,
    })
    return undefined
  }
}
