import type { GraphPackage } from './graph.ts'

/** A package whose build script calls a compiler of another language, and how we know. */
export type NativeNeed = { name: string; version: string; language: 'C' | 'C++'; because: string }

/** What build scripts call compilers with. pkg-config and vcpkg only look for libraries that are there already. */
const COMPILING = ['cc', 'cmake', 'autotools', 'nasm-rs', 'cxx-build', 'openssl-src']
/** Nothing in the graph tells C++ from C; these are what such packages depend on, or are. */
const CPP = ['cxx-build', 'cpp_build', 'link-cplusplus', 'autocxx-build']
const CPP_PACKAGES = ['librocksdb-sys', 'snmalloc-sys', 'protobuf-src', 'grpcio-sys', 'libduckdb-sys']

/**
 * The packages that need a C or C++ compiler for the target. What only build scripts and macros use is compiled for the
 * machine itself, and is left out.
 */
export function nativeNeeds(graph: readonly GraphPackage[], roots: readonly string[]): NativeNeed[] {
  const byId = new Map(graph.map((each) => [each.id, each]))
  const needs: NativeNeed[] = []
  for (const id of reachedFrom(roots, byId)) {
    const found = byId.get(id)
    if (found === undefined || !found.hasBuildScript) continue
    const { name, version, dependencies } = found
    const tools = dependencies
      .filter(({ kinds }) => kinds.includes('build'))
      .map((dependency) => byId.get(dependency.id)?.name ?? '')
    const compiling = tools.find((tool) => COMPILING.includes(tool))
    if (compiling === undefined) continue
    const isCpp =
      CPP_PACKAGES.includes(name) || dependencies.some((each) => CPP.includes(byId.get(each.id)?.name ?? ''))
    needs.push({ name, version, language: isCpp ? 'C++' : 'C', because: `its build script uses ${compiling}` })
  }
  return needs.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Everything that becomes part of the binary itself. */
function reachedFrom(roots: readonly string[], byId: ReadonlyMap<string, GraphPackage>): Set<string> {
  const reached = new Set<string>()
  const waiting = [...roots]
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (reached.has(id)) continue
    reached.add(id)
    for (const dependency of byId.get(id)?.dependencies ?? []) {
      if (dependency.kinds.includes('normal')) waiting.push(dependency.id)
    }
  }
  return reached
}
