import type { Environment } from '../../process/environment.ts'
import { onPath } from '../../process/on-path.ts'
import { runTool } from '../../process/tool.ts'
import { Failed } from '../../report/ending.ts'
import type { Log } from '../../report/log.ts'

export type InstallOptions = {
  packages: readonly string[]
  isRoot: boolean
  environment: Environment
  log: Log
  signal: AbortSignal
}

/** Whether this machine has what installing Debian packages needs. */
export function canInstall(isRoot: boolean, environment: Environment): boolean {
  return onPath('apt-get', environment) !== undefined && (isRoot || onPath('sudo', environment) !== undefined)
}

/** Installs Debian packages. The lists on a runner's image are days old, so they are renewed when a package is gone. */
export async function installPackages(options: InstallOptions): Promise<void> {
  if (options.packages.length === 0) return
  options.log.info(`installing ${options.packages.join(', ')} with apt-get`)
  const install = ['install', '--yes', '--no-install-recommends', ...options.packages]
  const first = await aptGet(options, install)
  if (first.code === 0) return
  const lists = await aptGet(options, ['update'])
  const second = lists.code === 0 ? await aptGet(options, install) : lists
  if (second.code === 0) return
  const why = second.stderr.trim().split('\n').at(-1) ?? ''
  throw new Failed(`apt-get could not install ${options.packages.join(', ')}: ${why}`)
}

function aptGet({ isRoot, environment, log, signal }: InstallOptions, args: readonly string[]) {
  const apt = ['apt-get', '-qq', '-o', 'Dpkg::Use-Pty=0', ...args]
  // Never asking for a password: nobody could answer.
  const [file = '', ...rest] = isRoot ? apt : ['sudo', '--non-interactive', ...apt]
  return runTool({ file, args: rest, env: environment, signal, onLine: (line) => log.output(line) })
}
