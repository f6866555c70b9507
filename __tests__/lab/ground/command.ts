import { runCommand } from '../../../src/process/command.ts'

export type Options = {
  cwd?: string
  env?: Record<string, string | undefined>
  input?: string | Uint8Array
  /** Every command of the lab ends: by itself, or after this long. */
  timeoutMs?: number
  onLine?: (line: string, stream: 'stdout' | 'stderr') => void
}

export type Said = { code: number; stdout: string; stderr: string }

/** Runs a program of the machine and gives its end, whatever the exit code. A signal or a missing program throws. */
export async function attempt(argv: readonly [string, ...string[]], options: Options = {}): Promise<Said> {
  const [file, ...args] = argv
  const timeoutMs = options.timeoutMs ?? 120_000
  const outcome = await runCommand({
    file,
    args,
    env: options.env ?? process.env,
    signal: AbortSignal.timeout(timeoutMs),
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    ...(options.input !== undefined && { input: options.input }),
    ...(options.onLine !== undefined && { onLine: options.onLine }),
  })
  switch (outcome.kind) {
    case 'exited':
      return { code: outcome.code, stdout: outcome.stdout, stderr: outcome.stderr }
    case 'killed':
      throw new Error(`${argv.join(' ')} was ended by ${outcome.signal}\n${outcome.stderr}`)
    case 'cancelled':
      throw new Error(`${argv.join(' ')} did not end within ${timeoutMs} ms\n${outcome.stdout}${outcome.stderr}`)
    case 'missing':
      throw new Error(`${file} is not installed on this machine`)
    case 'unstartable':
      throw new Error(`${file} could not be started: ${outcome.cause.message}`, { cause: outcome.cause })
  }
}

/** The same, but an exit code other than 0 throws with all that the program said. */
export async function run(argv: readonly [string, ...string[]], options: Options = {}): Promise<string> {
  const said = await attempt(argv, options)
  if (said.code !== 0) throw new Error(`${argv.join(' ')} ended with ${said.code}\n${said.stdout}${said.stderr}`)
  return said.stdout
}
