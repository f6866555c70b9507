import type { Environment } from '../process/environment.ts'
import type { Log } from '../report/log.ts'

/** What every gate that runs Rust's own tools is given. */
export type GateOptions = {
  /** Where the project is; a member's folder stands for its whole workspace. */
  directory: string
  /** The top of the repository, from which places are told. */
  root: string
  environment: Environment
  /** Whether what the tools print may hold colours. */
  colour: boolean
  log: Log
  signal: AbortSignal
}

/** What a gate that compiles is given beside that. Everything was fetched before: cargo runs offline. */
export type CompilingOptions = GateOptions & {
  /** As cargo takes them: `--features x,y`, `--all-features`. */
  featureArguments: readonly string[]
  /** What the user adds to cargo's arguments; it may hold a `--` of its own. */
  extraArguments: readonly string[]
  /** Why cargo failed, as a sentence, when what it said about the code does not explain it. */
  explain(failure: { said: string; stderr: string }): string | Promise<string>
  /** Gets every line of cargo's JSON, to count what was compiled. */
  onMessage?: (line: string) => void
}

export function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
