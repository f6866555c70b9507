import type { Compiled } from './compiled.ts'

/** What is asked of a package of the resolved graph. */
export type Resolved = {
  id: string
  name: string
  version: string
  source: string | undefined
  /** SHA-256, as Cargo.lock has it; only registries have one. */
  checksum: string | undefined
  licence: string | undefined
  description: string | undefined
  repository: string | undefined
  dependencies: readonly { id: string; kinds: readonly ('normal' | 'build' | 'dev')[] }[]
}

export type Ingredient = {
  package: Resolved
  features: readonly string[]
  /** In the binary itself; the others only ran while it was built: build scripts, macros and what these need. */
  linked: boolean
  /** The ids of what it needs, of those that are ingredients too. */
  needs: readonly string[]
}

/**
 * What one package's binaries are made of. The graph is of the whole workspace, where every member adds features and
 * optional dependencies for all; what cargo compiled says which of them this build had.
 */
export function ingredientsOf(
  root: string,
  graph: readonly Resolved[],
  compiled: readonly Compiled[],
): readonly Ingredient[] {
  const packages = new Map(graph.map((each) => [each.id, each]))
  const units = new Map<string, { features: Set<string>; forTarget: boolean }>()
  for (const { packageId, features, forTarget } of compiled) {
    const unit = units.get(packageId) ?? { features: new Set<string>(), forTarget: false }
    for (const feature of features) unit.features.add(feature)
    units.set(packageId, { ...unit, forTarget: unit.forTarget || forTarget })
  }
  const needed = ({ dependencies }: Resolved) =>
    dependencies.filter(({ id, kinds }) => units.has(id) && kinds.some((kind) => kind !== 'dev'))

  const linked = new Map<string, boolean>()
  const waiting = [{ id: root, isLinked: true }]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { id, isLinked } = next
    const found = packages.get(id)
    const known = linked.get(id)
    // Seen before, and nothing new is known: it stays what it was.
    if (found === undefined || known === true || known === isLinked) continue
    linked.set(id, isLinked)
    for (const each of needed(found)) {
      const isRuntime = each.kinds.includes('normal') && units.get(each.id)?.forTarget === true
      waiting.push({ id: each.id, isLinked: isLinked && isRuntime })
    }
  }

  return [...linked].flatMap(([id, isLinked]) => {
    const found = packages.get(id)
    if (found === undefined) return []
    const features = [...(units.get(id)?.features ?? [])].sort()
    return [{ package: found, features, linked: isLinked, needs: needed(found).map((each) => each.id) }]
  })
}
