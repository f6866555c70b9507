import type { Finding } from '../report/finding.ts'

/** So many of each level are kept, and all are counted: 100,000 of them must fill neither the memory nor the report. */
const KEPT = 1000
/** Past this many, what was said twice may be counted twice. */
const REMEMBERED = 200_000

/** Collects what a gate finds. */
export class Tally {
  #findings: Finding[] = []
  readonly #counts = { error: 0, warning: 0, notice: 0 }
  readonly #seen = new Set<string>()

  get counts(): { errors: number; warnings: number } {
    return { errors: this.#counts.error, warnings: this.#counts.warning }
  }

  get findings(): readonly Finding[] {
    return this.#findings
  }

  /** How many are counted, but not kept. */
  get untold(): number {
    const { error, warning, notice } = this.#counts
    return error + warning + notice - this.#findings.length
  }

  dropErrors(): void {
    this.#findings = this.#findings.filter(({ level }) => level !== 'error')
    this.#counts.error = 0
  }

  /** Whether it is among those that are kept. */
  add(finding: Finding): boolean {
    this.#counts[finding.level] += 1
    if (this.#counts[finding.level] > KEPT) return false
    this.#findings.push(finding)
    return true
  }

  /** The same, unless the same was said before at the same place: a library and its tests share their files. */
  addOnce(finding: Finding): boolean {
    const { level, title, message, place } = finding
    const key = JSON.stringify([level, place?.file, place?.line, place?.column, title, message.slice(0, 300)])
    if (this.#seen.has(key)) return false
    if (this.#seen.size < REMEMBERED) this.#seen.add(key)
    return this.add(finding)
  }
}

/** The beginning of a text that may be of any length. */
export function shortened(text: string, lines: number, characters = 2000): string {
  const all = text.slice(0, characters).split('\n')
  const cut = text.length > characters || all.length > lines
  return all.slice(0, lines).join('\n').trimEnd() + (cut ? '\n…' : '')
}
