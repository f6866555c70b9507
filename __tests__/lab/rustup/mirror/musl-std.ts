import { basename, join } from 'node:path'
import { run } from '../../ground/command.ts'
import type { Files } from './component.ts'
import type { DebianRust } from './debian-rust.ts'
import type { Std } from './std-build.ts'
import type { MuslTarget } from './targets.ts'

/** The packages with the C runtime that Rust's own std brings along for musl: the libc, the unwinder, GCC's objects. */
export function runtimePackages(rust: DebianRust): readonly string[] {
  return ['musl-dev', `libunwind-${rust.llvm}-dev`, `libgcc-${rust.gcc}-dev`]
}

/**
 * The files of rust-std for a musl target: Rust's libraries, and all that a static program is linked with. `runtime` is
 * where the packages are unpacked.
 */
export async function muslStd(target: MuslTarget, rust: DebianRust, std: Std, runtime: string): Promise<Files> {
  const lib = `lib/rustlib/${target.triple}/lib`
  const musl = join(runtime, 'usr/lib', target.musl)
  const gcc = join(runtime, 'usr/lib/gcc', target.gnu, rust.gcc)
  const selfContained = [
    ...['crt1.o', 'Scrt1.o', 'rcrt1.o', 'crti.o', 'crtn.o', 'libc.a'].map((name) => join(musl, name)),
    ...['crtbegin.o', 'crtbeginS.o', 'crtend.o', 'crtendS.o'].map((name) => join(gcc, name)),
    await unwinder(target, rust, std, runtime),
  ]
  return Object.fromEntries([
    ...std.libraries.map((path) => [`${lib}/${basename(path)}`, { copyOf: path }]),
    ...selfContained.map((path) => [`${lib}/self-contained/${basename(path)}`, { copyOf: path }]),
  ])
}

/**
 * Debian's libunwind, made fit for musl: with the one function that it would miss, and without the words by which it asks
 * lld for libdl and libpthread, since musl's libc has it all.
 */
async function unwinder(target: MuslTarget, rust: DebianRust, std: Std, runtime: string): Promise<string> {
  const glibcs = join(runtime, 'usr/lib', `llvm-${rust.llvm}`, 'lib/libunwind.a')
  const musls = join(runtime, 'libunwind.a')
  await run([`${target.gnu}-objcopy`, '--remove-section=.deplibs', glibcs, musls])
  await run([`${target.gnu}-ar`, 'r', musls, std.fortify])
  return musls
}
