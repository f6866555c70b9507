import type { Environment } from '../process/environment.ts'

export type RustflagsOptions = {
  environment: Environment
  triple: string
  /** What cargo's configuration files say. */
  configured: {
    /** `build.rustflags`. */
    build: readonly string[]
    /** `target.<triple>.rustflags`, and those of every `target.'cfg(…)'` that fits. */
    target: readonly string[]
  }
  /** Each one argument; two words are two arguments. */
  add: readonly string[]
}

/** Between the flags of CARGO_ENCODED_RUSTFLAGS. */
const SEPARATOR = '\x1f'

/**
 * The variables that give rustc further flags for one target, and lose none that the user has set. cargo takes flags
 * from the first of three places that has any: RUSTFLAGS, the target, the build.
 * https://doc.rust-lang.org/cargo/reference/config.html#buildrustflags
 */
export function joinRustflags(options: RustflagsOptions): Record<string, string> {
  const { environment, triple, configured, add } = options
  if (add.length === 0) return {}
  const ofEverything = flagsOfEverything(environment)
  if (ofEverything !== undefined) return encoded([...ofEverything, ...add])

  const name = `CARGO_TARGET_${triple.toUpperCase().replace(/[-.]/g, '_')}_RUSTFLAGS`
  const own = words(environment[name])
  const ofTarget = [...configured.target, ...own]
  // They would count if the target had none, and ours would be the first that it has.
  const ofBuild = ofTarget.length > 0 ? [] : [...configured.build, ...words(environment['CARGO_BUILD_RUSTFLAGS'])]
  const ours = [...ofBuild, ...own, ...add]
  // This variable is cut at every blank, so what has one in it must take the place of everything.
  if (ours.some((flag) => flag === '' || /\s/.test(flag))) return encoded([...configured.target, ...ours])
  return { [name]: ours.join(' ') }
}

/** What stands in the place of all flags from elsewhere, also when it is empty. */
function flagsOfEverything(environment: Environment): string[] | undefined {
  const { CARGO_ENCODED_RUSTFLAGS: encodedFlags, RUSTFLAGS: plain } = environment
  if (encodedFlags !== undefined) return encodedFlags === '' ? [] : encodedFlags.split(SEPARATOR)
  return plain === undefined ? undefined : words(plain)
}

function words(text: string | undefined): string[] {
  return text?.split(/\s+/).filter((word) => word !== '') ?? []
}

function encoded(flags: readonly string[]): Record<string, string> {
  return { CARGO_ENCODED_RUSTFLAGS: flags.join(SEPARATOR) }
}
