import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { changedSince } from '../../src/project/changes.ts'
import { type MadeProject, madeProject } from '../made-project.ts'

/** The merge of a pull request that GitHub makes, whose second parent changes these files. */
function merged(changes: Record<string, string>): MadeProject {
  const project = madeProject({ 'Cargo.lock': 'version = 4\n', 'other.txt': 'one\n' })
  const git = gitIn(project.folder)
  git('checkout', '--quiet', '-b', 'topic')
  // Of several commits the last one does not touch what the first has.
  write(project, changes)
  write(project, { 'last.txt': 'last\n' })
  git('checkout', '--quiet', 'main')
  write(project, { 'meanwhile.txt': 'on main\n' })
  git('merge', '--quiet', '--no-ff', '--message', 'the merge', 'topic')
  return project
}

function write(project: MadeProject, files: Record<string, string>): void {
  for (const [name, content] of Object.entries(files)) writeFileSync(join(project.folder, name), content)
  project.commit()
}

function gitIn(folder: string) {
  const who = ['-c', 'user.name=test', '-c', 'user.email=test@localhost']
  return (...args: string[]) => execFileSync('git', [...who, ...args], { cwd: folder, stdio: 'ignore' })
}

/** As a workflow checks it out. */
async function seenFrom(from: MadeProject, ...depth: readonly string[]): Promise<boolean | undefined> {
  using clone = madeProject({})
  const directory = join(clone.folder, 'clone')
  gitIn(clone.folder)('clone', '--quiet', ...depth, `file://${from.folder}`, 'clone')
  const { signal } = new AbortController()
  return await changedSince({ directory, environment: process.env, signal, commit: 'HEAD^1', path: 'Cargo.lock' })
}

test('a merge is compared with the branch that it goes to, if the checkout has that', async () => {
  using touched = merged({ 'Cargo.lock': 'version = 3\n' })
  using untouched = merged({ 'other.txt': 'two\n' })
  for (const depth of [[], ['--depth', '2']]) {
    expect(await seenFrom(touched, ...depth)).toBe(true)
    expect(await seenFrom(untouched, ...depth)).toBe(false)
  }
})

test('a checkout of one commit cannot tell', async () => {
  using touched = merged({ 'Cargo.lock': 'version = 3\n' })
  using untouched = merged({ 'other.txt': 'two\n' })
  expect(await seenFrom(touched, '--depth', '1')).toBeUndefined()
  expect(await seenFrom(untouched, '--depth', '1')).toBeUndefined()
})

test('where there is no repository, nothing is known', async () => {
  const place = { directory: '/', environment: process.env, signal: new AbortController().signal }
  expect(await changedSince({ ...place, commit: 'HEAD^1', path: 'Cargo.lock' })).toBeUndefined()
})
