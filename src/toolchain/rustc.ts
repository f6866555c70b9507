import type { Environment } from '../process/environment.ts'
import { runTool } from '../process/tool.ts'
import { Failed } from '../report/ending.ts'

export type RustcOptions = { directory: string; environment: Environment; signal: AbortSignal }

export type Rustc = { version: string; host: string }

/** The compiler that cargo will use in this folder, and the triple of the machine it runs on. */
export async function findRustc(options: RustcOptions): Promise<Rustc> {
  const { code, stdout, stderr } = await runTool({
    file: 'rustc',
    args: ['-vV'],
    cwd: options.directory,
    env: options.environment,
    signal: options.signal,
  })
  const fact = (name: string) => new RegExp(`^${name}: (.+)$`, 'm').exec(stdout)?.[1]?.trim()
  const [version, host] = [fact('release'), fact('host')]
  if (code !== 0 || version === undefined || host === undefined) {
    throw new Failed(`rustc does not work here: ${(stderr || stdout).trim().slice(0, 1000)}`)
  }
  return { version, host }
}
