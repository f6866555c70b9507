import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Environment } from '../../process/environment.ts'
import { runTool } from '../../process/tool.ts'
import { Failed } from '../../report/ending.ts'
import type { Log } from '../../report/log.ts'

export type Compiling = {
  tool: string
  version: string
  /** A folder of this run: what is compiled on the way stays here. */
  scratch: string
  /** Gets `bin` with the program in it. */
  root: string
  environment: Environment
  log: Log
  signal: AbortSignal
}

/** Compiles a tool from its crate, with the lock file that its authors published. */
export async function compile({ tool, version, scratch, root, environment, log, signal }: Compiling): Promise<void> {
  const target = join(scratch, 'target')
  const { code } = await runTool({
    file: 'cargo',
    args: compileArguments(tool, version, root),
    // Outside the project: its toolchain file is for the project.
    cwd: scratch,
    // Its own place, since the project's would keep what nobody needs again; and it must run on this very machine.
    env: { ...environment, CARGO_TARGET_DIR: target, CARGO_BUILD_TARGET: undefined },
    onLine: (line) => log.output(line),
    signal,
  })
  await rm(target, { recursive: true, force: true })
  if (code === 0) return
  throw new Failed(
    `${tool} ${version} could not be compiled: cargo install ended with ${code}, and says why above. Name a server that has it with tools-mirror.`,
  )
}

export function compileArguments(tool: string, version: string, root: string): string[] {
  return ['install', '--locked', '--no-track', '--version', version, '--root', root, tool]
}
