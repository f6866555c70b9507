import type { Finding } from '../report/finding.ts'

/**
 * What a gate found. A gate that can judge never throws, so that one push shows what every gate has to say; it throws
 * Failed only when it could not judge, and Cancelled when it was stopped.
 */
export type Verdict = {
  gate: string
  passed: boolean
  /** Of everything, also of what is too much to be kept as findings. */
  counts: { errors: number; warnings: number }
  /** One sentence for the log and the summary: "3 files are not formatted." */
  said: string
  /** Their places are relative to the repository, with `/`. */
  findings: readonly Finding[]
  /** Where a report of the tests in JUnit's format is. */
  junit?: string
}
