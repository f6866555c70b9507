import type { Environment } from '../process/environment.ts'
import { Failed } from '../report/ending.ts'
import { complaintOf } from './advisory-database.ts'
import { isFromCratesIo, type LockedPackage } from './lock-file.ts'
import { runWithin } from './within.ts'

export type RefreshOptions = {
  root: string
  packages: readonly LockedPackage[]
  environment: Environment
  patienceMs: number
  signal: AbortSignal
}

/**
 * Brings cargo's index of crates.io up to date for what is locked, so that yanked packages are seen. Cargo does it
 * itself, because it knows the user's proxies, certificates and mirrors. Nothing else of cargo's would ask: the index
 * of a restored cache is as old as the cache. Says why not, or undefined.
 */
export async function refreshIndex({
  root,
  packages,
  environment,
  patienceMs,
  signal,
}: RefreshOptions): Promise<string | undefined> {
  const args = refreshArguments(packages)
  if (args === undefined) return undefined
  try {
    // Whether it asked is read from what it prints.
    const env = { ...environment, CARGO_TERM_QUIET: 'false' }
    const exited = await runWithin(patienceMs, { file: 'cargo', args, cwd: root, env, signal })
    if (exited === 'overdue') return `the index gave no answer in ${Math.ceil(patienceMs / 1000)} s`
    if (exited.code !== 0) return complaintOf(exited.stderr)
    // Offline it succeeds with what it has, in silence.
    return /^\s*Updating .* index/m.test(exited.stderr)
      ? undefined
      : 'cargo is offline, or has its packages from a folder'
  } catch (error) {
    if (error instanceof Failed) return error.message
    throw error
  }
}

/** An update that is not written, of what is named and nothing else: a private git dependency would ask for a token. */
export function refreshArguments(packages: readonly LockedPackage[]): string[] | undefined {
  const specs = packages.filter(isFromCratesIo).map(({ name, version }) => `${name}@${version}`)
  return specs.length === 0 ? undefined : ['update', '--color', 'never', '--dry-run', '--', ...new Set(specs)]
}
