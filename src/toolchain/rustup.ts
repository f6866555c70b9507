import { stripVTControlCharacters } from 'node:util'
import type { Environment } from '../process/environment.ts'
import { type Exited, runTool } from '../process/tool.ts'
import { Failed } from '../report/ending.ts'
import type { Log } from '../report/log.ts'
import { PAUSES_MS, pause } from './patience.ts'
import { explainRustup, isPassing } from './rustup-failure.ts'

export type RustupOptions = {
  directory: string
  environment: Environment
  signal: AbortSignal
  log: Log
  pauses?: readonly number[]
}

/** What rustup knows of this machine: its answer, or what it complains of. It asks no server for that. */
export async function askRustup(options: RustupOptions, args: readonly string[]): Promise<Exited> {
  return run(options, args)
}

/** Lets rustup install something, or says why it cannot. */
export async function letRustup(options: RustupOptions, args: readonly string[], wantedBy?: string): Promise<void> {
  const stderr = await tryRustup(options, args)
  if (stderr !== undefined) throw rustupFailed(options, args, stderr, wantedBy)
}

/**
 * The same, but gives what rustup complains of. A server that does not answer well is asked again; a clear no is not
 * questioned.
 */
export async function tryRustup(options: RustupOptions, args: readonly string[]): Promise<string | undefined> {
  const { signal, log, pauses = PAUSES_MS } = options
  for (let tried = 0; ; tried++) {
    const { code, stderr } = await run(options, args, (line) => {
      if (!isAboutItsOptions(line)) log.output(line)
    })
    if (code === 0) return undefined
    const wait = pauses[tried]
    if (!isPassing(stderr) || wait === undefined) return stderr || `it ended with the exit code ${code}`
    log.info(`The server did not answer well; rustup tries again in ${wait / 1000} s.`)
    await pause(wait, signal)
  }
}

/** Nobody who reads our log has written the arguments of rustup. */
function isAboutItsOptions(line: string): boolean {
  return /^For more information, try '--help'\.?$/.test(stripVTControlCharacters(line).trim())
}

export function rustupFailed(
  { environment }: RustupOptions,
  args: readonly string[],
  stderr: string,
  wantedBy: string | undefined,
): Failed {
  const said = `rustup ${args.slice(0, 2).join(' ')}`
  return new Failed(explainRustup({ said, stderr, environment, ...(wantedBy !== undefined && { wantedBy }) }))
}

function run(options: RustupOptions, args: readonly string[], onLine = (_: string) => {}): Promise<Exited> {
  return runTool({
    file: 'rustup',
    args,
    cwd: options.directory,
    env: {
      ...options.environment,
      // It would install what it is only asked about.
      RUSTUP_AUTO_INSTALL: '0',
      // With it every error of rustup has a stack behind it.
      RUST_BACKTRACE: '0',
    },
    signal: options.signal,
    onLine,
  })
}
