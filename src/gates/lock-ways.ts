import type { LockedPackage } from './lock-file.ts'

/** The shortest way by which a package gets into the project. */
export type Way = {
  /** From the member of the workspace to the package itself. */
  steps: readonly LockedPackage[]
  /** Steps between the first ones and the last ones that are not told. */
  hidden: number
  /** What stands in the Cargo.toml of the member; undefined for the member itself. */
  direct: LockedPackage | undefined
}

/** What is told of a long way: its beginning, and as many steps before its end. */
const TOLD = 10

type Reached = {
  from: LockedPackage | undefined
  root: LockedPackage
  direct: LockedPackage | undefined
  depth: number
}

/** Where each package of a lock file stands, and how it gets in. */
export class LockWays {
  readonly #byName = new Map<string, LockedPackage>()
  readonly #reached = new Map<LockedPackage, Reached>()

  constructor(packages: readonly LockedPackage[]) {
    for (const each of packages) {
      for (const name of [each.name, nameOf(each)]) if (!this.#byName.has(name)) this.#byName.set(name, each)
    }
    this.#walk(packages.filter(({ source }) => source === ''))
  }

  find(name: string, version: string): LockedPackage | undefined {
    return this.#byName.get(`${name} ${version}`)
  }

  to(target: LockedPackage): Way | undefined {
    const end = this.#reached.get(target)
    if (end === undefined) return undefined
    const last: LockedPackage[] = []
    let at: LockedPackage | undefined = target
    while (at !== undefined && at !== end.root && last.length < TOLD) {
      last.unshift(at)
      at = this.#reached.get(at)?.from
    }
    return { steps: [end.root, ...last], hidden: end.depth - last.length, direct: end.direct }
  }

  /** Breadth first, so that the first way that reaches a package is a shortest one. */
  #walk(members: readonly LockedPackage[]): void {
    const queue = [...members]
    for (const root of members) this.#reached.set(root, { from: undefined, root, direct: undefined, depth: 0 })
    for (const at of queue) {
      const { root, direct, depth } = this.#reached.get(at) ?? { root: at, direct: undefined, depth: 0 }
      for (const named of at.dependencies) {
        const next = this.#named(named)
        if (next === undefined || this.#reached.has(next)) continue
        this.#reached.set(next, { from: at, root, direct: direct ?? next, depth: depth + 1 })
        queue.push(next)
      }
    }
  }

  /** The version is only written where several are locked, and the source only where the version is not enough. */
  #named(dependency: string): LockedPackage | undefined {
    const [name = '', version] = dependency.split(' ')
    return this.#byName.get(version === undefined ? name : `${name} ${version}`)
  }
}

export function nameOf({ name, version }: { name: string; version: string }): string {
  return `${name} ${version}`
}

/** `app → hyper 1.0.0 → … → smallvec 1.6.0`, as part of a sentence. */
export function spoken({ steps, hidden }: Way): string {
  const [member, ...others] = steps
  const names = others.map(nameOf)
  return [member?.name ?? '', ...(hidden > 0 ? ['…'] : []), ...names].join(' → ')
}
