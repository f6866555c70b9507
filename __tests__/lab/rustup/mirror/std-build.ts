import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../../ground/command.ts'
import type { DebianRust } from './debian-rust.ts'
import { FORTIFY } from './fortify.ts'
import { HOST, MUSL_TARGETS } from './targets.ts'

/** What the compiled std of one target consists of. */
export type Std = {
  libraries: readonly string[]
  /** FORTIFY as an object, for libunwind. */
  fortify: string
}

/** No service ever runs these where it counts, and optimizing them takes a third of the time of the whole build. */
const NOT_OPTIMIZED = ['test', 'proc_macro', 'object', 'gimli', 'addr2line', 'miniz_oxide']

/**
 * Compiles std for all the musl targets at once, as what a library of a few lines depends on: so nothing is linked.
 * `source` is the folder of Rust's own source.
 */
export async function buildStd(rust: DebianRust, source: string, folder: string): Promise<(triple: string) => Std> {
  const crate = join(folder, 'crate')
  mkdirSync(join(crate, 'src'), { recursive: true })
  mkdirSync(join(crate, '.cargo'))
  writeFileSync(join(crate, 'src/lib.rs'), FORTIFY)
  writeFileSync(join(crate, 'Cargo.toml'), MANIFEST)

  const sysroot = makeSysroot(source, folder)
  writeFileSync(join(crate, '.cargo/config.toml'), configuration(rust, source, sysroot))
  const rustc = join(folder, 'rustc')
  writeFileSync(rustc, compiler(sysroot), { mode: 0o755 })

  const std = '-Zbuild-std=std,panic_unwind,panic_abort,test,proc_macro'
  await run(['/usr/bin/cargo', 'build', '--quiet', '--release', std], {
    cwd: crate,
    env: { PATH: '/usr/bin:/bin', CARGO_HOME: join(folder, 'cargo'), RUSTC: rustc, RUSTC_BOOTSTRAP: '1' },
    timeoutMs: 900_000,
  })
  return (triple) => made(join(crate, 'target', triple, 'release/deps'))
}

const MANIFEST = [
  '[package]\nname = "fortify"\nversion = "0.0.0"\nedition = "2024"\n',
  // One object file, not several.
  '[profile.release.package.fortify]\ncodegen-units = 1\n',
  ...NOT_OPTIMIZED.map((name) => `[profile.release.package.${name}]\nopt-level = 0\n`),
].join('')

function configuration(rust: DebianRust, source: string, sysroot: string): string {
  const flags = [
    // Cargo leaves the bitcode out where the build itself does no LTO, but the builds of users may do it.
    '-Cembed-bitcode=yes',
    // The places in panic messages become those of the official std.
    ...[source, join(sysroot, 'lib/rustlib/src/rust')].map(
      (path) => `--remap-path-prefix=${path}=/rustc/${rust.commit}`,
    ),
  ]
  return [
    '[source.crates-io]\nreplace-with = "vendored"',
    `[source.vendored]\ndirectory = ${JSON.stringify(join(source, 'library/vendor'))}`,
    `[build]\ntarget = ${JSON.stringify(MUSL_TARGETS.map(({ triple }) => triple))}`,
    `rustflags = ${JSON.stringify(flags)}\n`,
  ].join('\n')
}

/** Debian's own, and the source where cargo looks for it. */
function makeSysroot(source: string, folder: string): string {
  const sysroot = join(folder, 'sysroot')
  const rustlib = join(sysroot, 'lib/rustlib')
  mkdirSync(join(rustlib, 'src'), { recursive: true })
  symlinkSync(source, join(rustlib, 'src/rust'))
  symlinkSync(join('/usr/lib/rustlib', HOST), join(rustlib, HOST))
  return sysroot
}

/**
 * What cargo has no words for: the code that `panic = "abort"` links must itself be compiled that way, alone of all; and
 * the object of our own library is wanted beside it, without the bitcode, in which some binutils look for its symbols.
 */
function compiler(sysroot: string): string {
  return `#!/bin/sh
case " $* " in
  *" --crate-name panic_abort "*) set -- "$@" -Cpanic=abort ;;
  *" --crate-name fortify "*) set -- "$@" --emit=obj -Cembed-bitcode=no ;;
esac
exec /usr/bin/rustc --sysroot '${sysroot}' "$@"
`
}

function made(deps: string): Std {
  const names = readdirSync(deps)
  const fortify = names.find((name) => /^fortify-.*\.o$/.test(name))
  if (fortify === undefined) throw new Error(`rustc wrote no object file to ${deps}, only ${names.join(' ')}`)
  return {
    libraries: names
      .filter((name) => name.endsWith('.rlib') && !name.startsWith('libfortify-'))
      .map((name) => join(deps, name)),
    fortify: join(deps, fortify),
  }
}
