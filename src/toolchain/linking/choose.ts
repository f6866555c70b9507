import { archOf, compilersOf, isGnu, isMusl, needsCrtStatic } from './compilers.ts'
import { linkerVariable, variableFor } from './variables.ts'

export type LinkingQuestion = {
  target: { name: string; triple: string; glibc?: string | undefined }
  /** The machine that compiles. */
  host: string
  needs: readonly { name: string; version: string; language: 'C' | 'C++'; because: string }[]
  /** What the user himself has named for this target; then we trust it. */
  given: { linker: boolean; c: boolean; cpp: boolean }
  isOnPath: (program: string) => boolean
  /** Whether Debian's musl-tools may be installed on this machine. */
  mayInstall: boolean
}

/** How a target will be linked, and its C compiled. */
export type Linking = {
  /** For the log: what was chosen, and why. */
  how: string
  environment: Readonly<Record<string, string>>
  rustflags: readonly string[]
  /** cargo-zigbuild stands in for `cargo build`: zig is whatever the environment does not name. */
  zig: boolean
  /** Debian packages that must be installed first. */
  packages: readonly string[]
  /** Whether the linker must find the empty libraries that musl has instead of libm and the like. */
  emptyLibraries: boolean
}

/** The table of what links and compiles what. Whatever the user has set himself is left as it is. */
export function chooseLinking(question: LinkingQuestion): Linking {
  const { target, host, given } = question
  const { triple } = target
  if (target.glibc !== undefined) return { ...ready(`zig, for a glibc of ${target.glibc} or newer`, {}), zig: true }
  if (triple === host) return ready('the C compiler of this machine', {})
  if (isMusl(triple)) {
    const rustflags = needsCrtStatic(triple) ? ['-Ctarget-feature=+crt-static', '-Clink-self-contained=yes'] : []
    return { ...musl(question), rustflags }
  }
  if (isGnu(triple)) return gnu(question)
  return ready(given.linker ? 'your linker' : 'whatever rustc finds', {})
}

function musl(question: LinkingQuestion): Linking {
  const { target, host, needs, given, isOnPath, mayInstall } = question
  const { triple } = target
  const isSameMachine = archOf(host) === archOf(triple) && host.includes('-linux-')
  // The linker of this machine knows its own machine type only; Rust brings one that knows them all.
  const usesOwnLinker = isSameMachine && isOnPath('cc')
  const rustLld = { [linkerVariable(triple)]: 'rust-lld' }
  const linker: Variables = given.linker || usesOwnLinker ? {} : rustLld
  const linked = given.linker ? 'your linker' : usesOwnLinker ? 'cc' : 'rust-lld'
  if (needs.length === 0) return ready(linked, linker)
  if (hasCompilers(question)) {
    return { ...ready(`${linked}, and the compiler that you set`, linker), emptyLibraries: true }
  }

  const cross = crossOf(question, compilersOf(archOf(triple))?.muslCompilers ?? [])
  if (cross !== undefined && !needsCpp(question)) {
    const how = `${linked}, and ${cross} for ${named(needs)}`
    return { ...ready(how, { ...linker, ...compilers(question, cross) }), emptyLibraries: true }
  }
  if (cross !== undefined) {
    // It brings libstdc++, which only its own driver finds.
    const driver: Variables = given.linker ? {} : { [linkerVariable(triple)]: cross }
    return ready(`${cross}, also for ${named(needs)}`, { ...driver, ...compilers(question, cross) })
  }
  if (needsCpp(question)) return { ...ready(`zig, also for ${named(needs)}`, {}), zig: true }
  if (isSameMachine && (isOnPath('musl-gcc') || mayInstall)) {
    // Never as the linker: what it makes is no static program, and crashes at its start.
    const how = `${linked}, and musl-gcc for ${named(needs)}`
    const packages = isOnPath('musl-gcc') ? [] : ['musl-tools']
    return { ...ready(how, { ...linker, ...compilers(question, 'musl-gcc') }), packages, emptyLibraries: true }
  }
  // zig would first compile a musl of its own, for as long as a small project takes, although Rust brings one.
  const how = `${given.linker ? 'your linker' : 'rust-lld'}, and zig for ${named(needs)}`
  return { ...ready(how, given.linker ? {} : rustLld), zig: true, emptyLibraries: true }
}

function gnu(question: LinkingQuestion): Linking {
  const { target, needs, given } = question
  const known = compilersOf(archOf(target.triple))
  const cross = crossOf(question, known === undefined ? [] : [known.gnuCompiler])
  if (cross !== undefined) {
    const linker: Variables = given.linker ? {} : { [linkerVariable(target.triple)]: cross }
    return ready(given.linker ? `your linker, and ${cross}` : cross, { ...linker, ...compilers(question, cross) })
  }
  if (given.linker && (needs.length === 0 || hasCompilers(question))) return ready('your linker', {})
  return { ...ready('zig', {}), zig: true }
}

type Variables = Record<string, string>

/** The first cross compiler that is here, and brings its C++ compiler if that is needed. */
function crossOf(question: LinkingQuestion, known: readonly string[]): string | undefined {
  const { isOnPath } = question
  return known.find((compiler) => isOnPath(compiler) && (!needsCpp(question) || isOnPath(cppOf(compiler))))
}

/**
 * What names the compilers of this target. Also where build scripts would find them by themselves, since a bare `CC` in
 * the environment would come before that.
 */
function compilers({ target, given, isOnPath }: LinkingQuestion, compiler: string): Variables {
  const cpp = cppOf(compiler)
  return {
    ...(!given.c && { [variableFor('CC', target.triple)]: compiler }),
    ...(!given.cpp && isOnPath(cpp) && { [variableFor('CXX', target.triple)]: cpp }),
  }
}

function hasCompilers(question: LinkingQuestion): boolean {
  return question.given.c && (question.given.cpp || !needsCpp(question))
}

function needsCpp({ needs }: Pick<LinkingQuestion, 'needs'>): boolean {
  return needs.some(({ language }) => language === 'C++')
}

function ready(how: string, environment: Variables): Linking {
  return { how, environment, rustflags: [], zig: false, packages: [], emptyLibraries: false }
}

function named(needs: LinkingQuestion['needs']): string {
  return needs.map(({ name, version }) => `${name} ${version}`).join(', ')
}

function cppOf(compiler: string): string {
  return compiler.replace(/gcc$/, 'g++')
}
