import type { Environment } from '../process/environment.ts'
import type { Log } from '../report/log.ts'
import type { Workspace } from './workspace.ts'

/** What every gate that runs Rust's own tools is given. */
export type GateOptions = {
  /** Where the project is; a member's folder stands for its whole workspace. */
  directory: string
  workspace: Workspace
  environment: Environment
  /** Whether what the tools print may hold colours. */
  colour: boolean
  log: Log
  signal: AbortSignal
}

/** What a gate that compiles is given beside that. Everything was fetched before: cargo runs offline. */
export type CompilingOptions = GateOptions & {
  /** The triple that is compiled for; undefined for that of this machine. */
  target: string | undefined
  /** As cargo takes them: `--features x,y`, `--all-features`. */
  featureArguments: readonly string[]
  /** What the user adds to cargo's arguments; it may hold a `--` of its own. */
  extraArguments: readonly string[]
  /** Why cargo failed, as a sentence, when what it said about the code does not explain it. */
  explain(failure: { said: string; stderr: string }): string | Promise<string>
  /** Gets every line of cargo's JSON, to count what was compiled. */
  onMessage?: (line: string) => void
  /** Gets cargo's reasons for compiling what was there already. Where nobody wants them, cargo is not asked. */
  onReason?: ((line: string) => void) | undefined
}

export function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
