import { rmSync } from 'node:fs'

/** At the end of a test. What was just ended by a signal may still be writing its last file in there: that is waited for. */
export function removeFolder(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
}
