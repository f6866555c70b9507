import type { Finding } from '../report/finding.ts'
import { Program, Results } from './libtest.ts'
import { plainLine } from './lines.ts'
import { failureOf } from './test-failure.ts'
import { sum, type TestCounts } from './told.ts'
import type { Workspace } from './workspace.ts'

const BEGIN = /^running (\d+) tests?$/
const RESULT =
  /^test result: (?:ok|FAILED)\. (\d+) passed; (\d+) failed; (\d+) ignored; (\d+) measured; \d+ filtered out/

/** So many programs can be open at once: they run within each other, or died and told no result. */
const DEEPEST = 8

/**
 * Reads what test programs print for people, since stable libtest has no other output. They share their standard output
 * with the tests, which can print anything, the output of other test programs too. So this only tells what is known of a
 * failure; whether there is one, cargo's exit code says.
 */
export class TestOutput {
  readonly #workspace: Workspace
  /** What was told so far by programs that stand for themselves. */
  readonly #told = new Results()
  /** The programs that have begun and not told their result, the last one last. */
  readonly #open: Program[] = []
  #dropped = 0

  constructor(workspace: Workspace) {
    this.#workspace = workspace
  }

  take(printed: string): void {
    const line = plainLine(printed)
    const begin = BEGIN.exec(line)
    const result = RESULT.exec(line)
    if (begin !== null) this.#begin(Number(begin[1]))
    else if (result !== null) this.#end(result.slice(1).map(Number))
    // Each may be the one that is speaking: a test prints `running 3 tests` as well.
    else for (const program of this.#open) program.take(line)
  }

  /** How many programs began and told no result. */
  get unfinished(): number {
    return this.#open.length + this.#dropped
  }

  get counts(): TestCounts {
    return this.#all.map(({ counts }) => counts).reduce(sum)
  }

  /** How many programs told a result in which a test had failed. */
  get failedPrograms(): number {
    return this.#all.reduce((count, { failedPrograms }) => count + failedPrograms, 0)
  }

  /** One for every test that failed; of one that ended with its program only the name is known. */
  get failures(): Finding[] {
    const told = this.#all.flatMap(({ failures }) => failures)
    const names = new Set(told.map(({ name }) => name))
    const untold = new Map(this.#open.flatMap((program) => program.failuresSoFar).map((each) => [each.name, each]))
    const rest = [...untold.values()].filter(({ name }) => !names.has(name))
    return [...told, ...rest].map(({ name, lines }) => failureOf(name, lines, this.#workspace))
  }

  get #all(): Results[] {
    return [this.#told, ...this.#open.map(({ within }) => within)]
  }

  #begin(expects: number): void {
    this.#open.push(new Program(expects))
    if (this.#open.length <= DEEPEST) return
    const oldest = this.#open.shift()
    if (oldest !== undefined) this.#told.add(oldest.within)
    this.#dropped += 1
  }

  /** A result that does not fit to what began is the print of a test. */
  #end([passed = 0, failed = 0, ignored = 0, measured = 0]: number[]): void {
    const total = passed + failed + ignored + measured
    const at = this.#open.findLastIndex((program) => program.expects === total)
    const program = this.#open[at]
    if (program === undefined) return
    // What ran within it was one of its tests.
    this.#open.splice(at)
    const outer = this.#open.at(-1)?.within ?? this.#told
    outer.add({
      counts: { passed, failed, ignored },
      failedPrograms: failed > 0 ? 1 : 0,
      failures: failed > 0 ? program.failures : [],
    })
  }
}
