import { sum, type TestCounts } from './told.ts'

/** What a test prints past libtest stands between its name and how it ended; without either it ended its program. */
const NOT_PASSED = /^test (.+?)(?: - should panic)?(?: - compile(?: fail)?)? \.\.\. (?!ok$|ignored|bench:)(.*)$/
const DETAIL = /^---- (.+) stdout ----$/
const NAME = /^ {4}(\S.*)$/

/** So much is kept of what one failed test printed, and of so many failed tests. */
const LONGEST_DETAIL = 500
const MOST_DETAILS = 1000

export type Failure = { name: string; lines: readonly string[] }

/** What test programs told that came to their end. */
export class Results {
  counts: TestCounts = { passed: 0, failed: 0, ignored: 0 }
  failedPrograms = 0
  readonly failures: Failure[] = []

  add({ counts, failedPrograms, failures }: Omit<Results, 'add'>): void {
    this.counts = sum(this.counts, counts)
    this.failedPrograms += failedPrograms
    this.failures.push(...failures.slice(0, MOST_DETAILS - this.failures.length))
  }
}

/** One test program, from `running 3 tests` on. */
export class Program {
  readonly expects: number
  /** What the programs told that ran after this began: nothing of it counts once this one tells its own result. */
  readonly within = new Results()
  readonly #failed = new Set<string>()
  /** Those of which it is not known yet are here too. */
  readonly #notPassed = new Set<string>()
  readonly #details = new Map<string, string[]>()
  #names: string[] = []
  #reading: 'tests' | 'details' | 'names' = 'tests'
  #detail: string[] | undefined

  constructor(expects: number) {
    this.expects = expects
  }

  take(line: string): void {
    const [, notPassed, how] = NOT_PASSED.exec(line) ?? []
    const detail = this.#reading === 'tests' ? undefined : DETAIL.exec(line)?.[1]
    const name = this.#reading === 'names' ? NAME.exec(line)?.[1] : undefined
    if (line === 'failures:') {
      // First comes what they printed, then their names; a test can print such a line as well.
      this.#reading = this.#reading === 'tests' ? 'details' : 'names'
      this.#names = []
    } else if (detail !== undefined && (this.#notPassed.size === 0 || this.#notPassed.has(detail))) {
      this.#reading = 'details'
      this.#detail = []
      if (this.#details.size < MOST_DETAILS) this.#details.set(detail, this.#detail)
    } else if (name !== undefined) {
      if (this.#names.length < MOST_DETAILS) this.#names.push(name)
    } else if (this.#reading === 'details') {
      if ((this.#detail?.length ?? LONGEST_DETAIL) < LONGEST_DETAIL) this.#detail?.push(line)
    } else if (notPassed !== undefined && this.#notPassed.size < MOST_DETAILS) {
      this.#notPassed.add(notPassed)
      if (how === 'FAILED' || how === '') this.#failed.add(notPassed)
    }
  }

  /** Those that it names at its end. */
  get failures(): Failure[] {
    return this.#names.map((name) => ({ name, lines: this.#details.get(name) ?? [] }))
  }

  /** Those that it named while they ran, for one that has no end. */
  get failuresSoFar(): Failure[] {
    return [...this.#failed].map((name) => ({ name, lines: this.#details.get(name) ?? [] }))
  }
}
