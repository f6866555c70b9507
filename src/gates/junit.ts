import type { TestCounts } from './told.ts'
import { xmlEvents } from './xml.ts'

/** A test that failed, or that passed only when it was tried again. */
export type JunitCase = {
  name: string
  how: 'failed' | 'flaky'
  /** Why it failed, as nextest sees it. */
  said: readonly string[]
  /** All that it printed. */
  output: readonly string[]
}

export type JunitReport = { counts: TestCounts; cases: readonly JunitCase[] }

const MOST_CASES = 1000
const LONGEST_TEXT = 64 * 1024

const FAILURES = new Set(['failure', 'error'])
/** It failed, was tried again and passed. */
const FLAKES = new Set(['flakyFailure', 'flakyError'])
const OUTPUTS = new Set(['system-out', 'system-err'])

type Test = { name: string; how: 'passed' | 'failed' | 'flaky' | 'skipped'; said: string; output: string }

/** The JUnit report that nextest writes; undefined for what is damaged, cut off or no such report. */
export function readJunit(xml: string): JunitReport | undefined {
  const counts = { passed: 0, failed: 0, ignored: 0 }
  const cases: JunitCase[] = []
  let test: Test | undefined
  let into: 'said' | 'output' | undefined
  let isComplete = false
  for (const event of xmlEvents(xml)) {
    if (event.kind === 'damaged') return undefined
    if (event.kind === 'text') {
      if (test !== undefined && into !== undefined) test[into] = (test[into] + event.text).slice(0, LONGEST_TEXT)
    } else if (event.kind === 'open') {
      const { name, attributes } = event
      if (name === 'testcase') test = { name: attributes.get('name') ?? '', how: 'passed', said: '', output: '' }
      into = test === undefined ? undefined : begin(test, name)
    } else {
      into = undefined
      if (event.name === 'testsuites') isComplete = true
      if (event.name === 'testcase' && test !== undefined) {
        end(test, counts, cases)
        test = undefined
      }
    }
  }
  return isComplete ? { counts, cases } : undefined
}

/** Notes what an element says of its test, and tells where the text in it belongs. */
function begin(test: Test, element: string): 'said' | 'output' | undefined {
  if (FAILURES.has(element)) test.how = 'failed'
  else if (test.how === 'passed' && FLAKES.has(element)) test.how = 'flaky'
  else if (test.how === 'passed' && element === 'skipped') test.how = 'skipped'
  if (FAILURES.has(element) || FLAKES.has(element)) return 'said'
  return OUTPUTS.has(element) ? 'output' : undefined
}

function end({ name, how, said, output }: Test, counts: TestCounts, cases: JunitCase[]): void {
  if (how === 'failed') counts.failed += 1
  else if (how === 'skipped') counts.ignored += 1
  else counts.passed += 1
  if ((how === 'failed' || how === 'flaky') && cases.length < MOST_CASES) {
    cases.push({ name, how, said: said.split('\n'), output: output.split('\n') })
  }
}
