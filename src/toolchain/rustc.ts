import type { Environment } from '../process/environment.ts'
import { runTool } from '../process/tool.ts'
import { Failed } from '../report/ending.ts'

export type RustcOptions = { directory: string; environment: Environment; signal: AbortSignal }

export type Rustc = {
  version: string
  host: string
  /** Of the compiler's own source. A distribution that patches it may leave it out. */
  commitHash: string | undefined
  /** All that it says of itself. */
  said: string
}

/** The compiler that cargo will use in this folder, and the triple of the machine it runs on. */
export async function findRustc(options: RustcOptions): Promise<Rustc> {
  const said = await askRustc(options, ['-vV'])
  const fact = (name: string) => new RegExp(`^${name}: (.+)$`, 'm').exec(said)?.[1]?.trim()
  const [version, host, commitHash] = [fact('release'), fact('host'), fact('commit-hash')]
  if (version === undefined || host === undefined) throw broken(said)
  return { version, host, commitHash: commitHash === 'unknown' ? undefined : commitHash, said }
}

/** The folder of the toolchain, which holds the standard libraries of its targets. */
export async function findSysroot(options: RustcOptions): Promise<string> {
  const said = await askRustc(options, ['--print', 'sysroot'])
  const sysroot = said.trim()
  if (sysroot === '' || sysroot.includes('\n')) throw broken(said)
  return sysroot
}

async function askRustc(options: RustcOptions, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runTool({
    file: 'rustc',
    args,
    cwd: options.directory,
    env: options.environment,
    signal: options.signal,
  })
  if (code !== 0) throw broken(stderr || stdout)
  return stdout
}

function broken(said: string): Failed {
  return new Failed(`rustc does not work here: ${said.trim().slice(0, 1000)}`)
}
