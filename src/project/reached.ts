import type { GraphPackage } from './graph.ts'

/** What becomes a part of the binary itself, each with the packages through which the roots come to it, nearest last. */
export type Reached = { package: GraphPackage; through: readonly string[] }

/** What only build scripts, tests and macros use is compiled for the machine itself, and is left out. */
export function reachedFrom(graph: readonly GraphPackage[], roots: readonly string[]): Reached[] {
  const byId = new Map(graph.map((each) => [each.id, each]))
  const reached = new Map<string, Reached>()
  let waiting = roots.map((id) => ({ id, through: [] as readonly string[] }))
  // Breadth first, so that the way to each is the shortest.
  while (waiting.length > 0) {
    const next: typeof waiting = []
    for (const { id, through } of waiting) {
      const found = byId.get(id)
      if (found === undefined || found.isMacro || reached.has(id)) continue
      reached.set(id, { package: found, through })
      for (const dependency of found.dependencies) {
        if (dependency.kinds.includes('normal')) next.push({ id: dependency.id, through: [...through, found.name] })
      }
    }
    waiting = next
  }
  return [...reached.values()]
}

/** The names of what its build script is made with. */
export function buildTools(found: GraphPackage, graph: readonly GraphPackage[]): string[] {
  const ids = new Set(found.dependencies.filter(({ kinds }) => kinds.includes('build')).map(({ id }) => id))
  return graph.filter(({ id }) => ids.has(id)).map(({ name }) => name)
}
