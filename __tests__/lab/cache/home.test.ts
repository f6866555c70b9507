import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Entry } from '../../../src/cache/entries.ts'
import { homeEntries, proveHome } from '../../../src/cache/home.ts'
import { type LockFile, parseLock } from '../../../src/cache/lock-file.ts'
import { restoreCache, saveCache } from '../../../src/cache/store.ts'
import { readCacheUnit } from '../../../src/cache/units.ts'
import { madeProject } from '../../made-project.ts'
import { startGithub } from '../github/github.ts'
import { run } from '../ground/command.ts'
import { need } from '../ground/need.ts'
import { whyNoDebianRoot } from '../ground/packages.ts'
import { smallDisk } from '../ground/small-disk.ts'
import { Job } from './store-options.ts'

/** A repository whose build script asks cargo to watch its files, which are written anew at every checkout. */
function gitDependency() {
  return madeProject({
    'Cargo.toml': '[package]\nname = "gitdep"\nversion = "0.1.0"\nedition = "2021"\n',
    'build.rs':
      'fn main() { println!("cargo::rerun-if-changed=build.rs"); println!("cargo::rerun-if-changed=src"); }\n',
    'src/lib.rs': 'pub fn answer() -> u8 { 42 }\n',
  })
}

function app(repository: string, more = '') {
  const dependencies = `itoa = "1"\ngitdep = { git = "file://${repository}" }\n${more}`
  return madeProject({
    'Cargo.toml': `[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\n${dependencies}`,
    'src/main.rs': 'fn main() { println!("{}", gitdep::answer()) }\n',
  })
}

/** A cargo home of its own, which finds its registry as the machine's own does. */
function newHome(folder: string): string {
  mkdirSync(folder, { recursive: true })
  const own = join(process.env['CARGO_HOME'] ?? join(homedir(), '.cargo'), 'config.toml')
  if (existsSync(own)) cpSync(own, join(folder, 'config.toml'))
  return realpathSync(folder)
}

const cargo = (folder: string, home: string, ...args: string[]) =>
  run(['cargo', ...args], {
    cwd: folder,
    env: { ...process.env, CARGO_HOME: home, CARGO_TARGET_DIR: join(folder, 'target') },
  })

const compiledIn = (stdout: string) =>
  stdout
    .split('\n')
    .flatMap((line) => readCacheUnit(line, new Set()) ?? [])
    .filter(({ fresh }) => !fresh)
    .map(({ name }) => name)

const lockOf = (folder: string): LockFile => parseLock(readFileSync(join(folder, 'Cargo.lock'), 'utf8'))

test('on a new machine the home is enough to build offline, and what was compiled stays fresh', async () => {
  await using github = await startGithub()
  using job = new Job(github.env())
  using repository = gitDependency()
  using other = app(repository.folder, 'cfg-if = "1"\n')
  using project = app(repository.folder)
  const home = newHome(job.path('home'))
  await cargo(other.folder, home, 'fetch')
  await cargo(project.folder, home, 'build')
  writeFileSync(join(home, 'credentials.toml'), '[registry]\ntoken = "SECRET"\n')
  const before = names(home)
  expect(before.some((path) => path.includes('cfg-if'))).toBe(true)

  const locked = lockOf(project.folder)
  const saving = job.save(home, await homeEntries(home, locked), 'home-1', { name: "cargo's home" })
  expect(await saveCache(saving)).toMatchObject({ saved: true })
  expect(names(home)).toEqual(before)

  renameSync(home, job.path('gone'))
  newHome(home)
  const own = names(home)
  expect(await restoreCache(restoring(job, home, locked))).toMatchObject({ hit: 'exact' })
  const brought = names(home).filter((path) => !own.includes(path))
  expect(brought.filter((path) => UNWANTED.test(path))).toEqual([])
  expect(compiledIn(await cargo(project.folder, home, ...OFFLINE))).toEqual([])

  rmSync(join(project.folder, 'target'), { recursive: true })
  expect(compiledIn(await cargo(project.folder, home, ...OFFLINE)).sort()).toEqual(['app', 'gitdep', 'gitdep', 'itoa'])
})

const OFFLINE = ['build', '--locked', '--offline', '--message-format', 'json'] as const
const UNWANTED = /cfg-if|credentials|package-cache|global-cache|registry\/src|checkouts|\/config$|hooks/

test('a home on another disk gets copies; a poisoned package does not come in, and is fetched again', async (context) => {
  need(context, 'small disk', whyNoDebianRoot())
  await using github = await startGithub()
  using job = new Job(github.env())
  using repository = gitDependency()
  using project = app(repository.folder)
  const home = newHome(job.path('home'))
  await cargo(project.folder, home, 'fetch')
  const crates = names(home).filter((path) => /itoa-.*\.crate$/.test(path))
  expect(crates).toHaveLength(1)
  for (const crate of crates) appendFileSync(join(home, crate), 'poison')
  const locked = lockOf(project.folder)
  await saveCache(job.save(home, await homeEntries(home, locked), 'home-1'))

  await using disk = await smallDisk(16 * 1024 * 1024)
  const there = newHome(join(disk.folder, 'home'))
  expect(await restoreCache(restoring(job, there, locked))).toMatchObject({ hit: 'exact' })
  expect(names(there).filter((path) => path.endsWith('.crate'))).toEqual([])
  expect(job.findings).toMatchObject([{ level: 'warning', title: 'Cached packages refused' }])
  await cargo(project.folder, there, 'fetch', '--locked')
  expect(names(there).filter((path) => path.endsWith('.crate'))).toEqual(crates)
  await cargo(project.folder, there, ...OFFLINE)
})

function restoring(job: Job, into: string, locked: LockFile) {
  const options = job.restore(into, 'home-1', { entriesIn: (folder) => homeEntries(folder, locked) })
  return { ...options, prove: (folder: string, all: readonly Entry[]) => proveHome(folder, all, locked, options.log) }
}

function names(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
}
