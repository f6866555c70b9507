import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * What a cache holds one by one: a file or a folder, below the folder that the cache belongs to, with `/`. Entries of one
 * unit belong together: one without the others is worth nothing.
 */
export type Entry = { path: string; unit: string }

/**
 * The unit of a build directory that a path in it belongs to: its profile folder and its hash; undefined for what is of
 * no unit. In cargo's first layout the hash ends a name (`release/deps/libx-<hash>.rlib`, `release/build/x-<hash>/out`), in
 * its second one it is a folder (`release/build/x/<hash>/out`).
 */
export function unitOf(path: string): string | undefined {
  const parts = /^((?:[^/]+\/)??[^/]+)\/(\.fingerprint|build|deps)\/([^/]+)(?:\/([^/]+))?/.exec(path)
  if (parts === null) return undefined
  const [, profileFolder, kind, name = '', inside = ''] = parts
  if (kind === 'build' && HASH.test(inside)) return `${profileFolder}/${inside}`
  const hash = /-([0-9a-f]{16})(?:\.[^/]*)?$/.exec(name)?.[1]
  return hash && `${profileFolder}/${hash}`
}

const HASH = /^[0-9a-f]{16}$/
const KINDS = ['.fingerprint', 'build', 'deps']

/** Every entry of a unit that is in a build directory, in either layout. Links are none: cargo makes none of these. */
export async function buildEntries(buildDirectory: string): Promise<Entry[]> {
  const entries: Entry[] = []
  const add = (path: string) => {
    const unit = unitOf(path)
    if (unit !== undefined) entries.push({ path, unit })
  }
  for (const profileFolder of await profileFolders(buildDirectory)) {
    for (const kind of KINDS) {
      for (const { name, isFolder } of await list(join(buildDirectory, profileFolder, kind))) {
        const path = `${profileFolder}/${kind}/${name}`
        const inside = kind === 'build' && isFolder ? await list(join(buildDirectory, path)) : []
        const hashes = inside.filter((each) => each.isFolder && HASH.test(each.name))
        if (hashes.length === 0) add(path)
        else for (const hash of hashes) add(`${path}/${hash.name}`)
      }
    }
  }
  return entries
}

/** `<profile>` for the host and `<triple>/<profile>` for targets, by what they contain and not by what they are called. */
async function profileFolders(buildDirectory: string): Promise<string[]> {
  const found: string[] = []
  const look = async (folder: string, deeper: boolean): Promise<void> => {
    const folders = (await list(join(buildDirectory, folder))).filter(({ isFolder }) => isFolder)
    if (folder !== '' && folders.some(({ name }) => KINDS.includes(name))) found.push(folder)
    else if (deeper)
      for (const { name } of folders) await look(folder === '' ? name : `${folder}/${name}`, folder === '')
  }
  await look('', true)
  return found
}

/** The plain files and folders of a folder in a fixed order; none where there is no such folder. */
export async function list(folder: string): Promise<{ name: string; isFolder: boolean }[]> {
  const found = await readdir(folder, { withFileTypes: true }).catch(() => [])
  return found
    .filter((each) => each.isFile() || each.isDirectory())
    .map((each) => ({ name: each.name, isFolder: each.isDirectory() }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}
