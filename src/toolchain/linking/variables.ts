/** The names under which cargo and build scripts look for what links and compiles for one target. */
export function linkerVariable(triple: string): string {
  return `CARGO_TARGET_${snake(triple).toUpperCase()}_LINKER`
}

export function ccVariable(triple: string): string {
  return `CC_${snake(triple)}`
}

/** All under which somebody may have named a C compiler for this target; a bare `CC` is that of the machine. */
export function compilerVariables(triple: string): string[] {
  return [`CC_${triple}`, ccVariable(triple), 'TARGET_CC']
}

export function snake(triple: string): string {
  return triple.replaceAll(/[-.]/g, '_')
}
