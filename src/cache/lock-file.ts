import { parse } from 'smol-toml'
import { isRecord, recordsIn, textOf, textsIn } from '../json/narrow.ts'
import { Refused } from '../report/ending.ts'

export type LockedPackage = {
  name: string
  version: string
  /** Undefined for what comes from a folder. */
  source: string | undefined
  checksum: string | undefined
  dependencies: readonly LockedPackage[]
}

export type LockFile = readonly LockedPackage[]

/** Larger than any real one by far: it is what keeps a made one from filling the memory. */
const LONGEST = 32 * 1024 * 1024

/** Cargo.lock of any version. What cargo abbreviates in its lists of dependencies is resolved here. */
export function parseLock(text: string): LockFile {
  const lock = tableOf(text)
  // The oldest lock files keep one package, and all the checksums, apart.
  const records = [...recordsIn(lock['package']), ...(isRecord(lock['root']) ? [lock['root']] : [])]
  const checksums = isRecord(lock['metadata']) ? lock['metadata'] : {}
  const packages = records.map((record) => packageOf(record, checksums))
  const byName = new Map<string, LockedPackage[]>()
  for (const each of packages) listIn(byName, each.name).push(each)
  for (const [index, record] of records.entries()) {
    // What `[replace]` puts in a package's place counts as something that it is built on.
    const wanted = [...textsIn(record['dependencies']), textOf(record['replace'])]
    packages[index]?.dependencies.push(...wanted.flatMap((dependency) => named(dependency, byName) ?? []))
  }
  return packages
}

/**
 * The packages from elsewhere that are compiled against code of the project, as `name version`: a `[patch]` with a path
 * brings this about. They are compiled whenever that code is, and without it they cannot be compiled at all.
 */
export function builtOnProject(lock: LockFile): Set<string> {
  const dependents = new Map<LockedPackage, LockedPackage[]>()
  for (const each of lock) {
    for (const used of each.dependencies) listIn(dependents, used).push(each)
  }
  const reached = new Set(lock.filter(({ source }) => source === undefined))
  // A set is walked to its end even while it grows.
  for (const each of reached) for (const dependent of dependents.get(each) ?? []) reached.add(dependent)
  return new Set([...reached].filter(({ source }) => source !== undefined).map(nameAndVersion))
}

export function nameAndVersion({ name, version }: LockedPackage): string {
  return `${name} ${version}`
}

function tableOf(text: string): Record<string, unknown> {
  if (text.length > LONGEST) throw new Refused('Cargo.lock is too large to be read: write it anew with cargo.')
  try {
    return parse(text)
  } catch (cause) {
    const [why = ''] = String(cause instanceof Error ? cause.message : cause).split('\n')
    throw new Refused(
      `Cargo.lock cannot be read (${why.replace(/\.$/, '')}): settle a merge conflict, or write it anew with \`cargo generate-lockfile\`.`,
      { cause },
    )
  }
}

function packageOf(record: Record<string, unknown>, checksums: Record<string, unknown>) {
  const [name, version, source] = [textOf(record['name']), textOf(record['version']), textOf(record['source'])]
  const dependencies: LockedPackage[] = []
  return {
    name,
    version,
    source: source || undefined,
    checksum: textOf(record['checksum']) || textOf(checksums[`checksum ${name} ${version} (${source})`]) || undefined,
    dependencies,
  }
}

/** `name`, `name version` or `name version (source)`: as much as cargo needs to tell it from the others. */
function named(dependency: string, byName: ReadonlyMap<string, LockedPackage[]>): LockedPackage | undefined {
  const [, name = '', version, source] = /^(\S+)(?: (\S+)(?: \((.*)\))?)?$/.exec(dependency) ?? []
  const candidates = (byName.get(name) ?? []).filter((each) => version === undefined || each.version === version)
  return candidates.find((each) => each.source === source) ?? candidates[0]
}

function listIn<K>(lists: Map<K, LockedPackage[]>, key: K): LockedPackage[] {
  const list = lists.get(key) ?? []
  lists.set(key, list)
  return list
}
