import type { Finding } from '../report/finding.ts'

export type TestCounts = { passed: number; failed: number; ignored: number }

/** What running tests told, whoever ran them. */
export type Told = {
  passed: boolean
  tests: TestCounts
  /** Test programs that failed without saying that one of their tests did. */
  died: number
  findings: readonly Finding[]
}

export function together(one: Told, other: Told): Told {
  return {
    passed: one.passed && other.passed,
    tests: sum(one.tests, other.tests),
    died: one.died + other.died,
    findings: [...one.findings, ...other.findings],
  }
}

export function sum(one: TestCounts, other: TestCounts): TestCounts {
  return {
    passed: one.passed + other.passed,
    failed: one.failed + other.failed,
    ignored: one.ignored + other.ignored,
  }
}
