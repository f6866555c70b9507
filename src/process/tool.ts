import { Cancelled, Failed } from '../report/ending.ts'
import { type Command, runCommand } from './command.ts'

export type Exited = { code: number; stdout: string; stderr: string }

/** Runs a program of the toolchain to its end. A program that is missing or dies by a signal is a sentence, not an exit code. */
export async function runTool(command: Command): Promise<Exited> {
  const { file, args } = command
  const said = `${file} ${args[0] ?? ''}`.trim()
  const outcome = await runCommand(command)
  switch (outcome.kind) {
    case 'exited':
      return outcome
    case 'cancelled':
      throw new Cancelled(`${said} was stopped.`)
    case 'missing':
      throw new Failed(`${file} is not on the PATH: ${REMEDIES[file] ?? 'install it'}.`)
    case 'unstartable':
      throw new Failed(`${file} could not be started: ${outcome.cause.message}`, { cause: outcome.cause })
    case 'killed':
      throw new Failed(
        outcome.signal === 'SIGKILL'
          ? `${said} was killed (SIGKILL). Most often the machine ran out of memory: try a larger one, or fewer jobs at once (CARGO_BUILD_JOBS=1).`
          : `${said} was ended by ${outcome.signal}, from outside: nothing is known of its work. Run it again.`,
      )
  }
}

const RUST = 'install Rust (https://rustup.rs), or use a runner image that has it'
const REMEDIES: Record<string, string> = {
  cargo: RUST,
  rustc: RUST,
  rustfmt: 'run `rustup component add rustfmt`',
}
