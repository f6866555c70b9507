import { setTimeout as sleep } from 'node:timers/promises'
import { Cancelled } from '../report/ending.ts'

/** How long to wait before asking a server again; after the last of these it counts as down. */
export const PAUSES_MS: readonly number[] = [1000, 4000, 10_000]

export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => {
    throw new Cancelled('The wait for a server was stopped.')
  })
}
