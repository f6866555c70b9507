import type { Work } from './watch.ts'

/** One run of one side, from its first process to its last. */
export type Run = {
  seconds: number
  cargo: Work
  restoreSeconds: number
  /** When neither cargo worked nor anything was restored. */
  ownSeconds: number
  saveSeconds: number
  /** Of all archives that were stored. */
  savedBytes: number
}

/** What a run takes beside cargo's work: restoring and everything that is neither. */
export function besideCargo({ seconds, cargo }: Run): number {
  return seconds - cargo.seconds
}

export async function timed<T>(work: () => Promise<T>): Promise<{ seconds: number; result: T }> {
  const began = performance.now()
  const result = await work()
  return { seconds: (performance.now() - began) / 1000, result }
}
