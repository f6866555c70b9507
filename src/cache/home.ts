import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Log } from '../report/log.ts'
import { type Entry, list } from './entries.ts'
import type { LockedPackage } from './lock-file.ts'

type Locked = readonly Pick<LockedPackage, 'name' | 'version' | 'source' | 'checksum'>[]

/**
 * What a cache of cargo's home holds, of all that is there: what this lock file needs to build without a network. Sources
 * and checkouts are left out, since cargo makes them anew from the archives and repositories; so is everything of other
 * projects, and of course programs, credentials and locks. Packages are found by their names in whatever registry has
 * them: where a source is replaced, the folder of a registry has another name than the lock file says.
 */
export async function homeEntries(cargoHome: string, locked: Locked): Promise<Entry[]> {
  const foreign = locked.filter(({ source }) => source !== undefined)
  const archives = new Set(foreign.map(({ name, version }) => `${name}-${version}.crate`))
  // A lock file can say anything, and a name with a folder in it would lead elsewhere.
  const names = new Set(foreign.map(({ name }) => name.toLowerCase()).filter((name) => /^[\w-]+$/.test(name)))
  const repositories = new Set(foreign.flatMap(({ source }) => repositoryIn(source ?? '') ?? []))
  return [
    ...(await indexEntries(cargoHome, names)),
    ...(await archiveEntries(cargoHome, archives)),
    ...(await gitEntries(cargoHome, repositories)),
  ]
}

/**
 * Those of them that may come in from elsewhere. cargo itself looks at the checksum of a package only when it downloads
 * it, so a cache could bring other code under a known name.
 */
export async function proveHome(folder: string, entries: readonly Entry[], locked: Locked, log: Log): Promise<Entry[]> {
  const checksums = new Set(locked.map(({ name, version, checksum }) => `${name}-${version}.crate ${checksum}`))
  const wrong = new Set<string>()
  for (const { path, unit } of entries) {
    const [, archive] = /^registry\/cache\/[^/]+\/([^/]+)$/.exec(path) ?? []
    const whole = join(folder, path)
    const isProven = archive === undefined ? await isPlain(whole) : checksums.has(`${archive} ${await sha256Of(whole)}`)
    if (!isProven) wrong.add(unit)
  }
  if (wrong.size > 0) {
    log.finding({
      level: 'warning',
      title: 'Cached packages refused',
      message: `The cache holds other bytes than Cargo.lock names, or links to elsewhere: ${[...wrong].slice(0, 10).join(', ')}. They were left out, and cargo fetches them again; look at who can write caches of this repository, and delete this one.`,
    })
  }
  return entries.filter(({ unit }) => !wrong.has(unit))
}

/** Of each sparse index its configuration and the files of these packages. One that is a git repository is not cached. */
async function indexEntries(cargoHome: string, names: ReadonlySet<string>): Promise<Entry[]> {
  const paths: string[] = []
  for (const { name: registry } of await list(join(cargoHome, 'registry/index'))) {
    const index = `registry/index/${registry}`
    const wanted = [`${index}/config.json`, ...[...names].map((name) => `${index}/.cache/${indexPath(name)}`)]
    for (const path of wanted) if (await isFile(join(cargoHome, path))) paths.push(path)
  }
  return paths.map((path) => ({ path, unit: path }))
}

/** Where cargo keeps a package in every index. */
function indexPath(name: string): string {
  if (name.length <= 2) return `${name.length}/${name}`
  if (name.length === 3) return `3/${name.slice(0, 1)}/${name}`
  return `${name.slice(0, 2)}/${name.slice(2, 4)}/${name}`
}

async function archiveEntries(cargoHome: string, archives: ReadonlySet<string>): Promise<Entry[]> {
  const paths: string[] = []
  for (const { name: registry } of await list(join(cargoHome, 'registry/cache'))) {
    for (const { name, isFolder } of await list(join(cargoHome, 'registry/cache', registry))) {
      if (!isFolder && archives.has(name)) paths.push(`registry/cache/${registry}/${name}`)
    }
  }
  return paths.map((path) => ({ path, unit: path }))
}

/**
 * The objects of a repository are proved by their names, which lead from the commit in the lock file. Its `config` and its
 * hooks are not, and git runs commands that they name while it sees a token: they stay away, and are not missed.
 */
const OF_REPOSITORY = ['HEAD', 'objects', 'packed-refs', 'refs', 'shallow']

async function gitEntries(cargoHome: string, repositories: ReadonlySet<string>): Promise<Entry[]> {
  const entries: Entry[] = []
  for (const { name } of await list(join(cargoHome, 'git/db'))) {
    if (!repositories.has(name.replace(/-[0-9a-f]{16}$/, '').toLowerCase())) continue
    const unit = `git/db/${name}`
    const parts = (await list(join(cargoHome, unit))).filter((part) => OF_REPOSITORY.includes(part.name))
    entries.push(...parts.map((part) => ({ path: `${unit}/${part.name}`, unit })))
  }
  return entries
}

/** What cargo calls a repository: the last part of its address. */
function repositoryIn(source: string): string | undefined {
  const [, address] = /^git\+([^?#]+)/.exec(source) ?? []
  return address
    ?.replace(/\/+$/, '')
    .split('/')
    .at(-1)
    ?.replace(/\.git$/, '')
    .toLowerCase()
}

/** Files and folders all the way down: behind a link git would write somewhere else. */
async function isPlain(path: string): Promise<boolean> {
  if (await isFile(path)) return true
  const inside = await readdir(path, { recursive: true, withFileTypes: true })
  return inside.every((each) => each.isFile() || each.isDirectory())
}

async function isFile(path: string): Promise<boolean> {
  return lstat(path).then(
    (found) => found.isFile(),
    () => false,
  )
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
