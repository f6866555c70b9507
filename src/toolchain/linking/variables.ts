/** The names under which cargo and build scripts look for what links and compiles for one target. */
export function linkerVariable(triple: string): string {
  return `CARGO_TARGET_${snake(triple).toUpperCase()}_LINKER`
}

/** Variables that name a compiler, `CC` for C and `CXX` for C++, and those that hold flags for it. */
export type CompilerVariable = 'CC' | 'CXX' | 'CFLAGS' | 'CXXFLAGS'

export function variableFor(name: CompilerVariable, triple: string): string {
  return `${name}_${snake(triple)}`
}

/** All under which somebody may have set it for this target; a bare `CC` is that of the machine. */
export function targetedVariables(name: CompilerVariable, triple: string): string[] {
  return [`${name}_${triple}`, variableFor(name, triple), `TARGET_${name}`]
}

function snake(triple: string): string {
  return triple.replaceAll(/[-.]/g, '_')
}
