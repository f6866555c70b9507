import { parse } from 'smol-toml'
import { isRecord, textOf } from '../json/narrow.ts'
import { fingerprintOf, sortedOnce } from './fingerprint.ts'
import type { LocalPackage } from './local-packages.ts'
import { type LockFile, nameAndVersion } from './lock-file.ts'
import { reachOf } from './reach.ts'

export type RecipeOptions = {
  lock: LockFile
  /** The text of the Cargo.toml of the workspace. */
  rootManifest: string
  packages: readonly LocalPackage[]
  /** The names of those that the run builds by themselves; the gates are about all. */
  built: readonly string[]
}

/**
 * What decides how packages from elsewhere are compiled, as far as files of the project say it. Versions, names of
 * binaries, lints and every source of the project can change without it, and so can packages that use nothing from
 * elsewhere. No path of this machine is in it.
 */
export function recipeHash({ lock, rootManifest, packages, built }: RecipeOptions): string {
  const root = parse(rootManifest)
  return fingerprintOf({
    locked: lockedParts(lock),
    reach: reachOf(packages, new Set(built)),
    profiles: profilesOf(root, new Set(packages.map(({ name }) => name))),
    replaced: [root['patch'], root['replace']].map(withoutPaths),
    resolver: resolverOf(root),
  })
}

/** What cargo downloads, and what the cache of its home holds. */
export function lockHash(lock: LockFile): string {
  return fingerprintOf(lockedParts(lock))
}

function lockedParts(lock: LockFile): string[] {
  return sortedOnce(
    lock
      .filter(({ source }) => source !== undefined)
      .map((each) => {
        const dependencies = each.dependencies.map((used) =>
          // Local versions are nobody's business, not even where a patch puts the package among the others.
          used.source === undefined ? used.name : `${nameAndVersion(used)} ${used.source}`,
        )
        return [nameAndVersion(each), each.source, each.checksum ?? '', ...sortedOnce(dependencies)].join('\n')
      }),
  )
}

/** Without what a profile says of single packages of the project. */
function profilesOf(root: Record<string, unknown>, local: ReadonlySet<string>): unknown {
  const profiles = isRecord(root['profile']) ? Object.entries(root['profile']).sort(byName) : []
  const isForeign = (spec: string) => !local.has(spec.replace(/[@:].*$/, ''))
  return profiles.map(([name, profile]) => {
    if (!isRecord(profile)) return [name, profile]
    const { package: single, ...rest } = profile
    const foreign = isRecord(single) ? Object.entries(single).filter(([spec]) => isForeign(spec)) : []
    return [name, rest, Object.fromEntries(foreign)]
  })
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1
}

/** Where a patch lies is no matter; that there is one, and of what, is. */
function withoutPaths(tables: unknown): unknown {
  if (!isRecord(tables)) return undefined
  return Object.fromEntries(
    Object.entries(tables).map(([key, value]) => [
      key,
      key === 'path' && typeof value === 'string' ? '' : isRecord(value) ? withoutPaths(value) : value,
    ]),
  )
}

/** As cargo infers it: the edition of the root package decides, where nothing is said. */
function resolverOf(root: Record<string, unknown>): string {
  const own = isRecord(root['package']) ? root['package'] : {}
  const workspace = isRecord(root['workspace']) ? root['workspace'] : {}
  const shared = isRecord(workspace['package']) ? textOf(workspace['package']['edition']) : ''
  const edition = isRecord(own['edition']) ? shared : textOf(own['edition'])
  const inferred = edition >= '2024' ? '3' : edition === '2021' ? '2' : '1'
  return textOf(workspace['resolver']) || textOf(own['resolver']) || inferred
}
