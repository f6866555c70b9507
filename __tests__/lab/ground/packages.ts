import { existsSync } from 'node:fs'
import { attempt, run } from './command.ts'
import { oneAtATime } from './single.ts'

/** These packages serve tests: nothing is lost when the machine dies in the middle of it. */
const FAST = ['-o', 'Dpkg::Options::=--force-unsafe-io'] as const
/** A new machine may be busy with updates of its own. */
const PATIENT = ['-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=3'] as const

let listed: Promise<unknown> | undefined

/**
 * What the machine knows of the archive may be old, or only a part: a new machine often knows nothing of the security
 * updates yet, and would install another version without a word. So it is asked once in each process.
 */
export function freshLists(): Promise<unknown> {
  listed ??= run(['apt-get', 'update', '-qq', ...PATIENT], { timeoutMs: 300_000 })
  return listed
}

/** Installs Debian packages that are missing. Two parts that need some at the same time wait for each other. */
export async function debianPackages(...names: string[]): Promise<void> {
  if ((await missing(names)).length === 0) return
  await oneAtATime('apt', async () => {
    const still = await missing(names)
    if (still.length === 0) return
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    const install = [
      'apt-get',
      'install',
      '-y',
      '-qq',
      '--no-install-recommends',
      ...PATIENT,
      ...FAST,
      ...still,
    ] as const
    await freshLists()
    await run([...install], { env, timeoutMs: 600_000 })
  })
}

// dpkg fills in these placeholders, not we.
// biome-ignore lint/suspicious/noTemplateCurlyInString: the format language of dpkg-query
const DPKG_FORMAT = '${Package} ${db:Status-Status}\\n'

async function missing(names: readonly string[]): Promise<string[]> {
  const { stdout } = await attempt(['dpkg-query', '-W', '-f', DPKG_FORMAT, ...names])
  const installed = new Set(
    stdout.split('\n').flatMap((line) => (line.endsWith(' installed') ? line.split(' ', 1) : [])),
  )
  return names.filter((name) => !installed.has(name))
}

/** Why this machine cannot carry a part that needs root and Debian's packages, or undefined when it can. */
export function whyNoDebianRoot(): string | undefined {
  if (process.platform !== 'linux') return `it needs Linux, and this is ${process.platform}`
  if (process.getuid?.() !== 0) return 'it needs root'
  if (!existsSync('/etc/debian_version')) return 'it needs a Debian machine, for its packages'
  return undefined
}
