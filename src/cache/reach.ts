import { canonical, sortedOnce } from './fingerprint.ts'
import type { Dependency, LocalPackage } from './local-packages.ts'

/** How a local package has to do with packages from elsewhere: everything else about it can change freely. */
export type Reach = {
  name: string
  /** Its own dependencies from elsewhere, as declared. */
  external: readonly string[]
  /** Its features, as far as they turn something on from elsewhere. */
  features: Readonly<Record<string, readonly string[]>>
  /** The local packages through which it reaches more of them. */
  local: readonly string[]
}

/**
 * What of the project's own packages decides which packages from elsewhere are compiled, and with which features. A
 * package that only passes on what others declare is left out: its dependents are seen as if they named those others.
 * What is built by itself stays, since what it reaches is compiled for it alone.
 */
export function reachOf(packages: readonly LocalPackage[], built: ReadonlySet<string>): Reach[] {
  const project = new Reaching(packages, built)
  return packages
    .filter((each) => project.reaches(each) && !project.isPlain(each))
    .map((each) => ({
      name: each.name,
      external: sortedOnce(each.dependencies.filter(isExternal).map(declared)),
      features: project.featuresOf(each),
      local: sortedOnce(project.edgesOf(each).map(canonical)),
    }))
    .sort((a, b) => (canonical(a) < canonical(b) ? -1 : 1))
}

/** A way from one local package to another, through however many that are left out. */
type Edge = {
  to: string
  kind: Dependency['kind']
  targets: readonly string[]
  optional: boolean
  features: readonly string[]
}

class Reaching {
  readonly #byFolder: ReadonlyMap<string, LocalPackage>
  readonly #reaching: ReadonlySet<LocalPackage>
  readonly #features = new Map<LocalPackage, ReadonlySet<string>>()

  readonly #built: ReadonlySet<string>

  constructor(packages: readonly LocalPackage[], built: ReadonlySet<string>) {
    this.#built = built
    this.#byFolder = new Map(packages.map((each) => [each.folder, each]))
    this.#reaching = grownUntilStill(packages, ({ dependencies }, reaching) =>
      dependencies.some((dependency) => {
        const local = this.#local(dependency)
        return local === undefined ? isExternal(dependency) : reaching.has(local)
      }),
    )
    for (const each of this.#reaching) this.#features.set(each, this.#reachingFeatures(each))
  }

  reaches(each: LocalPackage): boolean {
    return this.#reaching.has(each)
  }

  /** Declares nothing from elsewhere itself, and turns on no features of what does. */
  isPlain(each: LocalPackage): boolean {
    const asks = (dependency: Dependency) => this.#asked(dependency).some((feature) => feature !== 'default')
    if (this.#built.has(each.name)) return false
    return !each.dependencies.some((used) => isExternal(used) || asks(used)) && this.#namesOf(each).size === 0
  }

  featuresOf(each: LocalPackage): Record<string, string[]> {
    const names = this.#namesOf(each)
    const items = (name: string) =>
      (each.features[name] ?? []).filter((item) => this.#isReachingItem(each, item, names))
    return Object.fromEntries(sortedOnce(names).map((name) => [name, sortedOnce(items(name))]))
  }

  edgesOf(each: LocalPackage): Edge[] {
    const edges: Edge[] = []
    const passed = new Set<string>()
    const walk = (from: LocalPackage, way: Omit<Edge, 'to' | 'features'>, isStart: boolean): void => {
      for (const dependency of from.dependencies) {
        const to = this.#local(dependency)
        // Dev-dependencies are used by the package that has them, never by its dependents.
        if (to === undefined || !this.reaches(to) || (!isStart && dependency.kind === 'dev')) continue
        const further = {
          kind: way.kind === 'normal' ? dependency.kind : way.kind,
          targets: sortedOnce([...way.targets, ...(dependency.target === undefined ? [] : [dependency.target])]),
          optional: way.optional || dependency.optional,
        }
        if (!this.isPlain(to)) {
          edges.push({ to: to.name, ...further, features: this.#asked(dependency) })
          continue
        }
        const step = `${to.folder} ${canonical(further)}`
        if (passed.has(step)) continue
        passed.add(step)
        walk(to, further, false)
      }
    }
    walk(each, { kind: 'normal', targets: [], optional: false }, true)
    return edges
  }

  #local({ folder }: Dependency): LocalPackage | undefined {
    return folder === undefined ? undefined : this.#byFolder.get(folder)
  }

  #namesOf(each: LocalPackage): ReadonlySet<string> {
    return this.#features.get(each) ?? new Set()
  }

  /** The features that a dependency on a local package asks for, as far as they reach further. */
  #asked(dependency: Dependency): string[] {
    const local = this.#local(dependency)
    if (local === undefined) return []
    const asked = [...dependency.features, ...(dependency.defaultFeatures ? ['default'] : [])]
    return sortedOnce(asked.filter((feature) => this.#namesOf(local).has(feature)))
  }

  #reachingFeatures(each: LocalPackage): ReadonlySet<string> {
    return grownUntilStill(Object.keys(each.features), (name, names) =>
      (each.features[name] ?? []).some((item) => this.#isReachingItem(each, item, names)),
    )
  }

  /** An item is another feature, or `dep:name`, `name/feature`, `name?/feature` of a dependency. */
  #isReachingItem(each: LocalPackage, item: string, features: ReadonlySet<string>): boolean {
    const name = /^(?:dep:)?([^/?]+)/.exec(item)?.[1] ?? item
    if (item === name && item in each.features) return features.has(item)
    return each.dependencies.some((dependency) => {
      if ((dependency.rename ?? dependency.name) !== name) return false
      const local = this.#local(dependency)
      return isExternal(dependency) || (local !== undefined && this.reaches(local))
    })
  }
}

function isExternal({ folder }: Dependency): boolean {
  return folder === undefined
}

function declared({ folder: _, ...dependency }: Dependency): string {
  return canonical({ ...dependency, features: sortedOnce(dependency.features) })
}

/** Everything that belongs, where what belongs depends on what belongs already. */
function grownUntilStill<T>(all: readonly T[], belongs: (each: T, found: ReadonlySet<T>) => boolean): Set<T> {
  const found = new Set<T>()
  for (let size = -1; size < found.size; ) {
    size = found.size
    for (const each of all) if (!found.has(each) && belongs(each, found)) found.add(each)
  }
  return found
}
