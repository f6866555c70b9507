import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Component, Files } from './component.ts'
import { HOST } from './targets.ts'

const RUSTLIB = `lib/rustlib/${HOST}`

/**
 * What a toolchain of this machine has: Debian's own programs and std. `lld` is the linker of the compiler's own LLVM.
 * The compilers are scripts that call Debian's with the toolchain's folder as sysroot, or they would find no other
 * target there than Debian's.
 */
export function hostComponents(lld: string): Component[] {
  return [
    component('rustc', {
      'bin/rustc': { script: handOver('exec /usr/bin/rustc --sysroot "$sysroot" "$@"') },
      'bin/rustdoc': { script: handOver('exec /usr/bin/rustdoc --sysroot "$sysroot" "$@"') },
      [`${RUSTLIB}/bin/rust-lld`]: { copyOf: lld },
    }),
    component('cargo', programs('cargo')),
    component('rust-std', hostStd()),
    component('rustfmt-preview', programs('rustfmt', 'cargo-fmt')),
    component('clippy-preview', {
      ...programs('cargo-clippy'),
      // Cargo calls it as `clippy-driver rustc …`, so nothing may come first.
      'bin/clippy-driver': { script: handOver('SYSROOT="$sysroot" exec /usr/bin/clippy-driver "$@"') },
    }),
  ]
}

function component(name: string, files: Files): Component {
  return { package: name, target: HOST, files }
}

function programs(...names: string[]): Files {
  return Object.fromEntries(names.map((name) => [`bin/${name}`, { copyOf: `/usr/bin/${name}` }]))
}

function hostStd(): Files {
  const folder = join('/usr', RUSTLIB, 'lib')
  return Object.fromEntries(
    readdirSync(folder).map((name) => [`${RUSTLIB}/lib/${name}`, { copyOf: join(folder, name) }]),
  )
}

function handOver(command: string): string {
  return `#!/bin/sh
sysroot=$(dirname "$(dirname "$(readlink -f "$0")")")
${command}
`
}
