import type { Environment } from '../process/environment.ts'
import { fingerprintOf } from './fingerprint.ts'

export type FlagsOptions = {
  /** Of the calls that compile. */
  environment: Environment
  /** What `readCargoConfigs` found. */
  configs: readonly unknown[]
  /** cargo takes the path of what it unpacked there for a part of what it compiles. */
  cargoHome: string
  /** The first line of `cc --version`, where there is a C compiler. */
  compiler: string | undefined
}

/** Everything outside the project's own manifests that changes what comes out of compiling a dependency. */
export function flagsHash({ environment, configs, cargoHome, compiler }: FlagsOptions): string {
  return fingerprintOf({ variables: compilingVariables(environment), configs, cargoHome, compiler: compiler ?? '' })
}

export type LinkedTarget = { name: string; environment: Environment; zig: boolean }

/** What compiles C and links, for each target: the variables that say it, and whether zig stands in for cargo. */
export function linkingHash(linked: readonly LinkedTarget[]): string {
  const each = linked.map(({ name, environment, zig }) => [name, compilingVariables(environment), zig] as const)
  return fingerprintOf(each.sort(([a], [b]) => (a < b ? -1 : 1)))
}

/**
 * The variables that count. A list of what is wanted, because with a list of what is not every new variable of a runner
 * would empty the cache, and a token in it would do so in each run.
 */
export function compilingVariables(environment: Environment): Record<string, string> {
  const kept = Object.entries(environment).filter(
    ([name, value]) => value !== undefined && WANTED.some((wanted) => wanted.test(name)) && !SECRET.test(name),
  )
  return Object.fromEntries(kept.map(([name, value]) => [name, value ?? '']))
}

const WANTED = [
  // Of the compiler and how cargo calls it. A wrapper for the workspace's own crates never sees a dependency.
  /^(RUSTC|RUSTC_WRAPPER|RUSTC_BOOTSTRAP|RUSTFLAGS|CARGO_ENCODED_RUSTFLAGS)$/,
  /^CARGO_BUILD_(RUSTC|RUSTC_WRAPPER|RUSTFLAGS|TARGET)$/,
  /^CARGO_(TARGET|HOST)_.*(RUSTFLAGS|LINKER|AR)$/,
  /^CARGO_(PROFILE|UNSTABLE)_/,
  // Of the C compiler, for all, for the host, or for one target: CC, CC_x86_64_unknown_linux_musl, TARGET_CC, HOST_CC …
  /^(TARGET_|HOST_)?(CC|CXX|AR|RANLIB|CFLAGS|CXXFLAGS|CPPFLAGS|LDFLAGS)(_[\w.-]+)?$/,
  /^(CMAKE|BINDGEN_EXTRA_CLANG_ARGS|LIBCLANG|LLVM_CONFIG)(_|$)/,
  /^(SDKROOT|\w+_DEPLOYMENT_TARGET)$/,
  // Of the libraries that build scripts look for.
  /^(\w+_)?(OPENSSL|PKG_CONFIG)(_|$)/,
  /^AWS_LC_/,
]

const SECRET = /TOKEN|SECRET|PASSWORD|PASSPHRASE|CREDENTIAL/i
