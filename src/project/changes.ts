import { type GitOptions, git } from './git.ts'

/** Whether a file differs from an earlier commit; undefined where a shallow checkout does not have that commit. */
export async function changedSince(
  options: GitOptions & { commit: string; path: string },
): Promise<boolean | undefined> {
  const { commit, path } = options
  const listed = await git(options, ['diff', '--name-only', '-z', commit, 'HEAD', '--', path])
  return listed === undefined ? undefined : listed !== ''
}
