import { isAbsolute, relative, sep } from 'node:path'
import { buildEntries, type Entry, unitOf } from './entries.ts'
import type { CacheUnit } from './units.ts'

export type SweepOptions = {
  /** cargo's `build_directory`; before Rust 1.91 it is the target directory. */
  buildDirectory: string
  /** Of every call that belongs to the cache's key: what none of them used is swept. */
  units: readonly CacheUnit[]
}

export type Swept = {
  /** What the cache is to hold: the units of third parties that were used, and nothing else. */
  kept: readonly Entry[]
  /** Units of third parties that lie there from an older cache, as their folders are called: `ring-0a1b…`. */
  stale: readonly string[]
}

/** Marks what cargo says it used, by its hash, and tells it from everything else that is there. Deletes nothing. */
export async function sweep({ buildDirectory, units }: SweepOptions): Promise<Swept> {
  const marks = marksOf(units, buildDirectory)
  const local = new Set(units.filter(({ isLocal }) => isLocal).map(({ name }) => name))
  const entries = await buildEntries(buildDirectory)
  const kept = entries.filter(({ unit }) => marks.has(unit)).sort(byName)
  const names = entries.flatMap((entry) => (marks.has(entry.unit) ? [] : (packageFolderOf(entry) ?? [])))
  const stale = names.filter((name) => !local.has(name.replace(/-[0-9a-f]{16}$/, '')))
  return { kept, stale: [...new Set(stale)].sort() }
}

/** The units that may be kept: whatever is of the project's own code is not, whoever else claims to have made it. */
export function marksOf(units: readonly CacheUnit[], buildDirectory: string): Set<string> {
  const local = markedBy(units.filter(({ isLocal }) => isLocal))
  return new Set([...markedBy(units.filter(({ isLocal }) => !isLocal))].filter((unit) => !local.has(unit)))

  function markedBy(some: readonly CacheUnit[]): Set<string> {
    const paths = some.flatMap(({ files }) => files).map((file) => relative(buildDirectory, file))
    // A procedural macro can print what looks like a message of cargo's.
    const inside = paths.filter((path) => !path.startsWith('..') && !isAbsolute(path))
    return new Set(inside.flatMap((path) => unitOf(path.split(sep).join('/')) ?? []))
  }
}

/** What several profiles hold of one package lies side by side: the compressor finds what they have in common. */
function byName(a: Entry, b: Entry): number {
  const [left, right] = [a, b].map(({ path }) => `${path.replace(PROFILE_FOLDER, '')} ${path}`)
  return (left ?? '') < (right ?? '') ? -1 : 1
}

const PROFILE_FOLDER = /^.*?(?=(?:\.fingerprint|build|deps)\/)/

/** `ring-<hash>` in either layout; undefined for the entries that have another name than their package. */
function packageFolderOf({ path }: Entry): string | undefined {
  const [, old] = /\/\.fingerprint\/([^/]+)$/.exec(path) ?? []
  const [, name, hash] = /\/build\/([^/]+)\/([0-9a-f]{16})$/.exec(path) ?? []
  return old ?? (name && `${name}-${hash}`)
}
