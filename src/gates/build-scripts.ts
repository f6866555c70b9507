import type { Finding } from '../report/finding.ts'
import { plainLine } from './lines.ts'
import { panicIn } from './panic.ts'
import { shortened } from './tally.ts'
import type { Workspace } from './workspace.ts'

const FAILED = /^error: failed to run custom build command for `(\S+)/
/** What a build script says with `cargo::error=`. */
const SAID = /^error: (\S+)@\d\S*: (.+)$/
/** All that cargo shows of a build script is indented, so none of its lines can pass for the end of it. */
const BELONGS = /^( {2}|$|Caused by:|note: )/
const LONGEST = 2000

/** Reads from cargo's standard error why build scripts failed, which its JSON does not tell. */
export class BuildScripts {
  readonly findings: Finding[] = []
  readonly #workspace: Workspace
  #failed: { crate: string; lines: string[] } | undefined

  constructor(workspace: Workspace) {
    this.#workspace = workspace
  }

  take(printed: string): void {
    const line = plainLine(printed)
    if (this.#failed !== undefined && BELONGS.test(line)) {
      // The end says why, so the beginning goes first.
      this.#failed.lines.push(line)
      if (this.#failed.lines.length > LONGEST) this.#failed.lines.shift()
      return
    }
    this.end()
    const failed = FAILED.exec(line)?.[1]
    const said = SAID.exec(line)
    if (failed !== undefined) this.#failed = { crate: failed, lines: [] }
    if (said !== null) this.#add(said[1] ?? '', shortened(said[2] ?? '', 5))
  }

  end(): void {
    if (this.#failed === undefined) return
    const { crate, lines } = this.#failed
    this.#failed = undefined
    const status = lines.find((line) => line.startsWith('  process did')) ?? 'it gave no reason'
    const stderr = linesAfter('  --- stderr', lines) ?? linesAfter('  --- stdout', lines) ?? []
    const panic = panicIn(stderr, this.#workspace)
    const why = panic?.message || lastLines(stderr) || status.trim()
    this.#add(crate, why, panic?.place)
  }

  #add(crate: string, why: string, place?: Finding['place']): void {
    this.findings.push({
      level: 'error',
      title: `Build script of ${crate} failed`,
      message: why,
      ...(place && { place }),
    })
  }
}

function linesAfter(heading: string, lines: readonly string[]): string[] | undefined {
  const start = lines.indexOf(heading)
  return start < 0 ? undefined : lines.slice(start + 1).map((line) => line.slice(2))
}

function lastLines(lines: readonly string[]): string {
  return lines
    .filter((line) => line.trim() !== '')
    .slice(-15)
    .join('\n')
    .slice(-2000)
}
