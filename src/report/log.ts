import type { Finding } from './finding.ts'

/** What a room gets to speak through. It knows neither terminals nor runners. */
export type Log = {
  /** A line of ours. */
  info(text: string): void
  /** A line that a child printed: shown as it is, but never obeyed. */
  output(line: string): void
  finding(finding: Finding): void
}
