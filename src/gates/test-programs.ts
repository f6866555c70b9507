import { plainLine } from './lines.ts'

/** A test program that cargo says has failed. */
export type FailedProgram = {
  /** What cargo takes to run it alone: `-p api --test http`. */
  rerun: string
  /** How it ended, when it was not in libtest's way for a failed test: "signal: 11, SIGSEGV: invalid memory reference". */
  end: string | undefined
  /** The last that it wrote to its standard error. */
  lines: readonly string[]
}

const BEGIN = /^ +(?:Running|Doc-tests) /
const FAILED = /^error: (?:doc)?test failed, to rerun pass `(.+)`$/
const END = /^ {2}process didn't exit successfully: `.*` \((.+)\)$/
const MOST = 1000
const KEPT_LINES = 200

/** Reads from cargo's standard error which test programs failed. Tests write there too, so cargo's exit code comes first. */
export class TestPrograms {
  readonly failed: FailedProgram[] = []
  #lines: string[] = []

  take(printed: string): void {
    const line = plainLine(printed)
    const rerun = FAILED.exec(line)?.[1]
    const end = END.exec(line)?.[1]
    const last = this.failed.at(-1)
    if (BEGIN.test(line)) this.#lines = []
    else if (rerun !== undefined) {
      if (this.failed.length < MOST) this.failed.push({ rerun, end: undefined, lines: this.#lines })
      this.#lines = []
    } else if (end !== undefined && last !== undefined) last.end ??= end
    else {
      this.#lines.push(line)
      if (this.#lines.length > KEPT_LINES) this.#lines.shift()
    }
  }
}
