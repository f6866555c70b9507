import { cpSync, globSync, lstatSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { run } from '../ground/command.ts'

/** Nothing of the user's own git: no hooks, no signatures, no rewritten URLs. But a checkout of another user is read. */
const GIT = {
  PATH: process.env['PATH'],
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'safe.directory',
  GIT_CONFIG_VALUE_0: '*',
}

export type Copy = {
  from: string
  to: string
  /** By default every file that git does not ignore, also those not committed yet. */
  files?: readonly string[]
  /** As GitHub names it: refs/heads/main, refs/tags/v1. */
  ref: string
  /** As GitHub names it: owner/name. */
  name: string
}

/** A repository with the same files and one commit, in the words that act understands. */
export async function copyRepository({ from, to, files, ref, name }: Copy): Promise<void> {
  mkdirSync(to, { recursive: true })
  for (const file of files ?? (await filesOf(from))) {
    copyOne(join(from, file), join(to, file))
  }
  for (const file of globSync(['.github/workflows/*.{yml,yaml}', '**/action.{yml,yaml}'], { cwd: to })) {
    const path = join(to, file)
    writeFileSync(path, localReferences(readFileSync(path, 'utf8')))
  }
  const tag = /^refs\/tags\/(.+)$/.exec(ref)?.[1]
  const branch = /^refs\/heads\/(.+)$/.exec(ref)?.[1] ?? 'main'
  await git(to, 'init', '--quiet', '--initial-branch', branch)
  await git(to, 'config', 'user.name', 'lab')
  await git(to, 'config', 'user.email', 'lab@localhost')
  await git(to, 'remote', 'add', 'origin', `https://github.com/${name}.git`)
  await git(to, 'add', '--all', '--force')
  await git(to, 'commit', '--quiet', '--message', 'A copy for act')
  if (tag !== undefined) await git(to, 'tag', tag)
}

/** A link is not followed, so it may lead nowhere, which the copying of Node would not allow. */
function copyOne(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true })
  if (lstatSync(from).isSymbolicLink()) symlinkSync(readlinkSync(from), to)
  else cpSync(from, to, { recursive: true, verbatimSymlinks: true })
}

/**
 * On GitHub `$/` is the repository and commit of the file that says it, and act does not know it. In a repository that
 * calls itself, `./` is the same.
 */
export function localReferences(yaml: string): string {
  return yaml.replaceAll(/(\buses:\s*["']?)\$\//g, '$1./')
}

async function filesOf(folder: string): Promise<string[]> {
  const said = await git(folder, 'ls-files', '-z', '--cached', '--others', '--exclude-standard')
  // A file that was deleted but is not committed so is still listed; a link that leads nowhere is a file.
  const isThere = (file: string) => lstatSync(join(folder, file), { throwIfNoEntry: false }) !== undefined
  return said.split('\0').filter((file) => file !== '' && isThere(file))
}

function git(folder: string, ...args: string[]): Promise<string> {
  return run(['git', ...args], { cwd: folder, env: GIT })
}
