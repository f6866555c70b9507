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
  const install = ['install', '--yes', '--no-install-recommends', '--no-upgrade', ...options.packages]
  const first = await aptGet(options, install)
  if (first.code === 0) return
  // Lists of somebody else's archive may fail to come; what is wanted here is in Debian's own.
  await aptGet(options, ['update'])
  const second = await aptGet(options, install)
  if (second.code === 0) return
  const why = second.stderr.trim().split('\n').at(-1) ?? ''
  throw new Failed(
    `apt-get could not install ${options.packages.join(', ')} (${why}): install it before this step, or see what apt-get said above.`,
  )
}

/** Other programs of a machine that has just started may be installing, too. */
const PATIENT = ['-o', 'DPkg::Lock::Timeout=120', '-o', 'Acquire::Retries=3']

function aptGet({ isRoot, environment, log, signal }: InstallOptions, args: readonly string[]) {
  const apt = ['apt-get', '-qq', '-o', 'Dpkg::Use-Pty=0', ...PATIENT, ...args]
  // Never asking for a password: nobody could answer.
  const [file = '', ...rest] = isRoot ? apt : ['sudo', '--non-interactive', ...apt]
  return runTool({ file, args: rest, env: environment, signal, onLine: (line) => log.output(line) })
}
