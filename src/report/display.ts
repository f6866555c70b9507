import type { Finding } from './finding.ts'
import type { StepRecord } from './record.ts'

/** How a run is shown while it goes on: as groups in a runner's log, as lines in a pipe, live on a terminal. */
export type Display = {
  /** `since` in milliseconds since 1970, where it is shown later than it began. */
  stepStarted(title: string, since?: number): void
  /** A line within the open step; with no step open it stands by itself. */
  line(text: string): void
  stepEnded(record: StepRecord): void
  problem(level: Finding['level'], text: string): void
  close(): void
}

/** `0.4 s`, `12 s`, `3 min 05 s` */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`
}

/** What is said of a step that has ended, after its title. */
export function endOf(record: StepRecord): string {
  const time = duration(record.seconds)
  switch (record.state) {
    case 'done':
      return time
    case 'planned':
      return 'would run'
    case 'skipped':
      return `skipped: ${record.reason ?? ''}`
    case 'failed':
      return `failed after ${time}`
    case 'cancelled':
      return `stopped after ${time}`
    case 'not-reached':
      return 'not reached'
  }
}
