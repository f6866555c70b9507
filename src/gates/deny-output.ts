import { type Diagnostic, readDenyLine } from './deny-report.ts'
import { oneLine } from './one-line.ts'

/** More than anybody reads: what comes after is not kept. */
const KEPT = 100_000

/** All that one call of cargo-deny said. */
export class DenyOutput {
  readonly diagnostics: Diagnostic[] = []
  /** Packages of which cargo's index says nothing, which cargo-deny tells one by one. */
  unknownYanked = 0
  whyUnknown = ''
  failed = false
  readonly #errors: string[] = []

  take(line: string): void {
    const told = readDenyLine(line)
    if (told?.kind === 'error') this.#errors.push(told.message)
    if (told?.kind !== 'diagnostic' || this.diagnostics.length >= KEPT) return
    if (told.diagnostic.code === 'index-failure') {
      this.unknownYanked += 1
      this.whyUnknown ||= oneLine(told.diagnostic.notes[0] ?? '')
    } else this.diagnostics.push(told.diagnostic)
  }

  end(how: string | number): void {
    this.failed = how !== 0
    if (typeof how === 'string') this.#errors.push(how)
    else if (this.failed && this.#errors.length === 0) this.#errors.push(`it ended with exit code ${how}`)
  }

  /** What it said last, which names the cause. */
  get complaint(): string {
    return oneLine(this.#errors.at(-1) ?? '', 600).replace(/\.$/, '')
  }

  /** Of a call that fetches databases. */
  get whyNoDatabase(): string | undefined {
    const about = this.#errors.some((error) => /advisory database|did not end in/.test(error))
    return this.failed && about ? this.complaint : undefined
  }

  get lacksPackages(): boolean {
    return this.failed && this.#errors.some((error) => error.includes('--offline'))
  }
}
