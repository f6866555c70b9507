import type { Environment } from '../process/environment.ts'
import { runTool } from '../process/tool.ts'
import { kindOfVerboseLine } from '../process/verbose-cargo.ts'
import { Failed } from '../report/ending.ts'
import { BuildScripts } from './build-scripts.ts'
import { readDiagnostic } from './diagnostics.ts'
import type { CompilingOptions } from './gate.ts'
import { Tally } from './tally.ts'

export type Compiled = { succeeded: boolean; tally: Tally }

/** cargo's messages as JSON; where the log has colours, their text has them too. */
export function messageFormat({ colour, onReason }: Pick<CompilingOptions, 'colour' | 'onReason'>): string[] {
  return [
    // cargo says then why it compiles what was there already.
    ...(onReason === undefined ? [] : ['--verbose']),
    ...['--message-format', colour ? 'json-diagnostic-rendered-ansi' : 'json'],
  ]
}

export function targetArguments(target: string | undefined): string[] {
  return target === undefined ? [] : ['--target', target]
}

/** The environment of cargo whose own lines go into our log. */
export function cargoEnvironment({ environment, colour }: CompilingOptions): Environment {
  return {
    ...environment,
    CARGO_TERM_COLOR: colour ? 'always' : 'never',
    // A project that denies warnings with `build.warnings` would fail here without a finding: clippy's gate counts them.
    CARGO_BUILD_WARNINGS: 'warn',
  }
}

/** Compiles with cargo and collects what is said about the code. It throws when cargo failed for another reason. */
export async function compile(options: CompilingOptions, args: readonly string[]): Promise<Compiled> {
  const { directory, workspace, log, signal } = options
  const tally = new Tally()
  const buildScripts = new BuildScripts(workspace)
  const takeMessage = (line: string) => {
    options.onMessage?.(line)
    const diagnostic = readDiagnostic(line, workspace)
    if (diagnostic === undefined) {
      // What a procedural macro prints.
      if (!line.startsWith('{')) log.output(line)
    } else if (tally.addOnce(diagnostic.finding)) {
      for (const shown of `${diagnostic.rendered}\n`.split('\n')) log.output(shown)
    }
  }
  const takeComplaint = (line: string) => {
    const kind = options.onReason === undefined ? 'said' : kindOfVerboseLine(line)
    if (kind === 'reason') options.onReason?.(line)
    if (kind !== 'said') return
    log.output(line)
    buildScripts.take(line)
  }
  const { code, stderr } = await runTool({
    file: 'cargo',
    args,
    cwd: directory,
    env: cargoEnvironment(options),
    signal,
    onLine: (line, stream) => (stream === 'stdout' ? takeMessage(line) : takeComplaint(line)),
  })
  buildScripts.end()
  for (const finding of buildScripts.findings) tally.addOnce(finding)
  // An error of code that compiles was not the compiler's: a macro printed it.
  if (code === 0) tally.dropErrors()
  else if (tally.counts.errors === 0) throw new Failed(await options.explain({ said: `cargo ${args[0]}`, stderr }))
  if (tally.untold > 0) log.info(`${tally.untold} more are counted, but not shown.`)
  return { succeeded: code === 0, tally }
}
