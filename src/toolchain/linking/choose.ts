import { archOf, compilersOf, isGnu, isMusl, needsCrtStatic } from './compilers.ts'
import { ccVariable, linkerVariable, snake } from './variables.ts'

export type LinkingQuestion = {
  target: { name: string; triple: string; glibc?: string | undefined }
  /** The machine that compiles. */
  host: string
  needs: readonly { name: string; version: string; language: 'C' | 'C++'; because: string }[]
  /** Whether the user named a linker or a C compiler for this target; then we trust it. */
  given: { linker: boolean; compiler: boolean }
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
  /** cargo-zigbuild stands in for `cargo build`, with zig as its linker and compiler. */
  zig: boolean
  /** Debian packages that must be installed first. */
  packages: readonly string[]
}

/** The table of what links and compiles what. Whatever the user has set himself is left as it is. */
export function chooseLinking(question: LinkingQuestion): Linking {
  const { target, host, given } = question
  if (target.glibc !== undefined) return zig(`zig, for a glibc of ${target.glibc} or newer`)
  if (target.triple === host) return ready('the C compiler of this machine', {})
  const rustflags = needsCrtStatic(target.triple) ? ['-Ctarget-feature=+crt-static', '-Clink-self-contained=yes'] : []
  if (given.linker && given.compiler) return ready('the linker and the C compiler that you set', {}, rustflags)
  if (isMusl(target.triple)) return musl(question, rustflags)
  if (isGnu(target.triple)) return gnu(question)
  return ready('whatever rustc finds', {})
}

function musl({ target, host, needs, given, isOnPath, mayInstall }: LinkingQuestion, rustflags: string[]): Linking {
  const { triple } = target
  const sameMachine = archOf(host) === archOf(triple) && host.includes('-linux-')
  // The linker of this machine knows its own machine type only; Rust brings one that knows them all.
  const useOwnLinker = given.linker || (sameMachine && isOnPath('cc'))
  const linker: Record<string, string> = useOwnLinker ? {} : { [linkerVariable(triple)]: 'rust-lld' }
  const linked = given.linker ? 'your linker' : useOwnLinker ? 'cc' : 'rust-lld'
  if (needs.length === 0 || given.compiler) return ready(linked, linker, rustflags)

  const cross = compilersOf(archOf(triple))?.muslCompilers.find(isOnPath)
  const needsCpp = needs.some(({ language }) => language === 'C++')
  if (cross !== undefined && (!needsCpp || isOnPath(cppOf(cross)))) {
    // It brings libstdc++, which only its own driver finds.
    const driver = needsCpp ? { [linkerVariable(triple)]: cross } : linker
    const compilers = { [ccVariable(triple)]: cross, ...(needsCpp && { [`CXX_${snake(triple)}`]: cppOf(cross) }) }
    return ready(
      `${needsCpp ? cross : linked}, and ${cross} for ${named(needs)}`,
      { ...driver, ...compilers },
      rustflags,
    )
  }
  if (!needsCpp && sameMachine && (isOnPath('musl-gcc') || mayInstall)) {
    // Never as the linker: what it makes is a static-pie that crashes at its start.
    const packages = isOnPath('musl-gcc') ? [] : ['musl-tools']
    const how = `${linked}, and musl-gcc for ${named(needs)}`
    return { ...ready(how, { ...linker, [ccVariable(triple)]: 'musl-gcc' }, rustflags), packages }
  }
  return zig(`zig, for ${named(needs)}`, rustflags)
}

function gnu({ target, host, given, isOnPath }: LinkingQuestion): Linking {
  const { triple } = target
  const known = compilersOf(archOf(triple))
  if (given.linker) return ready('your linker', {})
  if (archOf(host) === archOf(triple) && host.includes('-linux-')) {
    return ready('the C compiler of this machine', {})
  }
  if (known !== undefined && isOnPath(known.gnuCompiler)) {
    const environment = { [linkerVariable(triple)]: known.gnuCompiler, [ccVariable(triple)]: known.gnuCompiler }
    return ready(known.gnuCompiler, environment)
  }
  return zig('zig')
}

/** Why nothing of the table could be done, in the words of who must act. */
export function cannotLink(question: LinkingQuestion, cause: string): string {
  const { target, host, needs } = question
  const known = compilersOf(archOf(target.triple))
  const who =
    needs.length === 0
      ? `${target.name} cannot be linked on ${host}`
      : `${needs.map(({ name, version, language }) => `${name} ${version} compiles ${language}`).join(', ')}, and there is no ${needs.some(({ language }) => language === 'C++') ? 'C++' : 'C'} compiler for ${target.name}`
  const remedies = [
    isMusl(target.triple) &&
      archOf(host) === archOf(target.triple) &&
      'install musl-tools (`apt-get install musl-tools`)',
    isGnu(target.triple) && known && `install ${known.gnuPackage} (\`apt-get install ${known.gnuPackage}\`)`,
    isMusl(target.triple) && known && `put ${known.muslCompilers[0]} on the PATH`,
    archOf(host) !== archOf(target.triple) && `run on a machine of that type (\`runs-on: …-arm\`)`,
    `set ${ccVariable(target.triple)} and ${linkerVariable(target.triple)}`,
  ].filter((remedy) => typeof remedy === 'string')
  return `${who}. zig could not be used: ${cause} Either ${remedies.join(', or ')}.`
}

function ready(how: string, environment: Record<string, string>, rustflags: readonly string[] = []): Linking {
  return { how, environment, rustflags, zig: false, packages: [] }
}

function zig(how: string, rustflags: readonly string[] = []): Linking {
  return { how, environment: {}, rustflags, zig: true, packages: [] }
}

function named(needs: LinkingQuestion['needs']): string {
  return needs.map(({ name, version }) => `${name} ${version}`).join(', ')
}

function cppOf(compiler: string): string {
  return compiler.replace(/gcc$/, 'g++')
}
