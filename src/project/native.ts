import { compilesCpp } from './build-script.ts'
import type { GraphPackage } from './graph.ts'
import { buildTools, reachedFrom } from './reached.ts'

/** A package whose build script calls a compiler of another language, and how we know. */
export type NativeNeed = { name: string; version: string; language: 'C' | 'C++'; because: string }

/** What build scripts call compilers with. pkg-config and vcpkg only look for libraries that are there already. */
const COMPILING = ['cc', 'cmake', 'autotools', 'nasm-rs', 'cxx-build', 'openssl-src']
/** Nothing in the graph tells C++ from C; these are what such packages depend on, or are. */
const CPP = ['cxx-build', 'cpp_build', 'link-cplusplus', 'autocxx-build']
const CPP_PACKAGES = ['librocksdb-sys', 'snmalloc-sys', 'protobuf-src', 'grpcio-sys', 'libduckdb-sys']

/** The packages that need a C or C++ compiler for the target. */
export async function nativeNeeds(graph: readonly GraphPackage[], roots: readonly string[]): Promise<NativeNeed[]> {
  const byId = new Map(graph.map((each) => [each.id, each]))
  const needs: NativeNeed[] = []
  for (const { package: found } of reachedFrom(graph, roots)) {
    const { name, version, buildScript, dependencies } = found
    if (buildScript === undefined) continue
    const compiling = buildTools(found, graph).find((tool) => COMPILING.includes(tool))
    if (compiling === undefined) continue
    const isCpp =
      CPP_PACKAGES.includes(name) ||
      dependencies.some(({ id }) => CPP.includes(byId.get(id)?.name ?? '')) ||
      (await compilesCpp(buildScript))
    needs.push({ name, version, language: isCpp ? 'C++' : 'C', because: `its build script uses ${compiling}` })
  }
  return needs.sort((a, b) => (a.name < b.name ? -1 : 1))
}
