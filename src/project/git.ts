import { runCommand } from '../process/command.ts'
import type { Environment } from '../process/environment.ts'

export type GitOptions = { directory: string; environment: Environment; signal: AbortSignal }

export type GitFacts = {
  /** The top of the checkout. */
  root: string
  sha: string
  /** In seconds since 1970: what a reproducible build takes for the time. */
  committedAt: number
  branch: string | undefined
  tags: readonly string[]
  /** Paths that differ from the commit, so that what is built is not what the commit says. */
  dirty: readonly string[]
}

/** What git says of the checkout, or undefined where there is no repository, no commit or no git. */
export async function readGit(options: GitOptions): Promise<GitFacts | undefined> {
  const sha = (await git(options, ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}']))?.trim()
  if (sha === undefined) return undefined
  const [root, committedAt, branch, tags, status] = await Promise.all([
    git(options, ['rev-parse', '--show-toplevel']),
    git(options, ['log', '-1', '--no-show-signature', '--format=%ct']),
    git(options, ['symbolic-ref', '--quiet', '--short', 'HEAD']),
    git(options, ['tag', '--points-at', 'HEAD']),
    git(options, ['status', '--porcelain=v1', '-z']),
  ])
  return {
    root: root?.replace(/\n$/, '') || options.directory,
    sha,
    committedAt: Number(committedAt?.trim() ?? 0),
    branch: branch?.trim() || undefined,
    tags: tags?.split('\n').filter((tag) => tag !== '') ?? [],
    dirty: changedPaths(status ?? ''),
  }
}

export async function git(options: GitOptions, args: readonly string[]): Promise<string | undefined> {
  // In a container the checkout often belongs to another user, and git would refuse to read it.
  const outcome = await runCommand({
    file: 'git',
    args: ['-c', 'safe.directory=*', ...args],
    cwd: options.directory,
    env: { ...options.environment, GIT_OPTIONAL_LOCKS: '0' },
    signal: options.signal,
  })
  return outcome.kind === 'exited' && outcome.code === 0 ? outcome.stdout : undefined
}

/** The paths of `git status -z`, where a rename is followed by its old name. */
function changedPaths(status: string): string[] {
  const entries = status.split('\0')
  const paths: string[] = []
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i] ?? ''
    if (entry.length > 3) paths.push(entry.slice(3))
    if (entry.startsWith('R') || entry.startsWith('C')) i++
  }
  return paths
}
