import type { Place } from '../report/finding.ts'
import { plainLine } from './lines.ts'
import { shortened, Tally } from './tally.ts'
import { ownFile, type Workspace } from './workspace.ts'

const DIFFERENCE = /^Diff in (.+?)(?: at line (\d+):|:(\d+):)$/
const NEWLINES = /^Incorrect newline style in (.+)$/
const COMPLAINT = /^error(?:\[[^\]]*\])?: (.+)$/
const POINTER = /^\s*--> (.+?):(\d+)(?::(\d+))?(?::\d+)?$/
/** `mod x;` without its file, and a file that is not there at all: neither comes with a place. */
const MISSING = /^(?:Error writing files: |Error: )(.+)$/

/** More lines of a difference than this are kept by nobody. */
const LONGEST_DIFFERENCE = 200

/** Reads what `rustfmt --check` prints: its stable form has no other output than this. */
export class FormatOutput {
  readonly tally = new Tally()
  readonly #workspace: Workspace
  readonly #files = new Set<string>()
  #difference: { path: string; line: number; lines: string[] } | undefined
  #complaint: string | undefined
  #broken = 0
  #saidWhy = false

  constructor(workspace: Workspace) {
    this.#workspace = workspace
  }

  get files(): number {
    return this.#files.size
  }

  /** How much it could not read at all. */
  get broken(): number {
    return this.#broken
  }

  takeDifference(printed: string): void {
    const line = plainLine(printed)
    // Lines of the code begin with a blank, a plus or a minus, so none of them can look like these.
    const difference = DIFFERENCE.exec(line)
    const newlines = NEWLINES.exec(line)
    if (difference !== null) {
      this.#endDifference()
      const [, path = '', older, newer] = difference
      this.#difference = { path, line: Number(newer ?? older), lines: [] }
    } else if (newlines !== null) {
      this.#endDifference()
      this.#unformatted(newlines[1] ?? '', undefined, 'Its lines end in a way that rustfmt.toml does not allow.')
    } else if (this.#difference !== undefined && this.#difference.lines.length < LONGEST_DIFFERENCE) {
      this.#difference.lines.push(line)
    }
  }

  takeComplaint(printed: string): void {
    const line = plainLine(printed)
    const complaint = COMPLAINT.exec(line)?.[1]
    const missing = MISSING.exec(line)?.[1]
    const pointer = POINTER.exec(line)
    if (complaint !== undefined) {
      // One without a place is about the toolchain, not about the code.
      this.#complaint = complaint
    } else if (missing !== undefined) {
      this.#unreadable(missing)
    } else if (this.#complaint !== undefined && pointer !== null) {
      const [, path = '', at, column] = pointer
      this.#unreadable(this.#complaint, this.#placeOf(path, { line: Number(at), column: Number(column ?? 1) }))
      this.#complaint = undefined
    }
  }

  /** One rustfmt has ended: whether it said anything about the code. */
  endOfRun(): { saidWhy: boolean } {
    this.#endDifference()
    this.#complaint = undefined
    const saidWhy = this.#saidWhy
    this.#saidWhy = false
    return { saidWhy }
  }

  #endDifference(): void {
    if (this.#difference === undefined) return
    const { path, line, lines } = this.#difference
    this.#difference = undefined
    const shown = shortened(lines.join('\n'), 20)
    this.#unformatted(path, changedLines(line, lines), `rustfmt writes this in another way:\n${shown}`)
  }

  #unformatted(path: string, lines: Omit<Place, 'file'> | undefined, why: string): void {
    this.#saidWhy = true
    this.#files.add(path)
    const place = this.#placeOf(path, lines)
    const message = place === undefined ? `${path}: ${why}` : why
    this.tally.addOnce({ level: 'error', title: 'Not formatted', message, ...(place && { place }) })
  }

  #unreadable(why: string, place?: Place): void {
    this.#saidWhy = true
    const added = this.tally.addOnce({
      level: 'error',
      title: 'Not readable for rustfmt',
      message: shortened(why, 5),
      ...(place && { place }),
    })
    if (added) this.#broken += 1
  }

  #placeOf(path: string, lines: Omit<Place, 'file'> = {}): Place | undefined {
    const file = ownFile(this.#workspace, path)
    return file === undefined ? undefined : { file, ...lines }
  }
}

/** A difference begins with up to three lines that stay; the place is where it begins to differ. */
function changedLines(first: number, lines: readonly string[]): { line: number; endLine?: number } {
  let at = first
  let begin: number | undefined
  let end = first
  for (const line of lines) {
    if (line.startsWith('+')) begin ??= at
    else if (line.startsWith('-')) {
      begin ??= at
      end = at
    }
    if (!line.startsWith('+')) at += 1
  }
  const line = begin ?? first
  return end > line ? { line, endLine: end } : { line }
}
