import { readFileSync } from 'node:fs'
import { debianPackages, whyNoDebianRoot } from '../ground/packages.ts'
import type { LabPart } from '../ground/part.ts'
import { rustupMirror } from './mirror.ts'
import { downloadedRustup, rustupProgram } from './program.ts'
import { startRustupServer } from './server.ts'

export const rustupPart: LabPart = {
  name: 'rustup',
  about: 'a server from which rustup installs Rust, rustfmt, clippy and the musl targets',

  whyNot: () => whyNoDebianRoot() ?? whyNotThisDebian(),

  async prepare() {
    // What was compiled for the other architecture is run with the last.
    // The downloaded rustup is for machines without one, and for the test which proves that it would do.
    await Promise.all([rustupMirror(), rustupProgram(), downloadedRustup(), debianPackages('qemu-user-static')])
  },

  async show() {
    const server = await startRustupServer()
    return {
      lines: [
        'Give these to rustup, with a RUSTUP_HOME of its own if the machine has toolchains already:',
        ...Object.entries(server.env).map(([name, value]) => `export ${name}=${value}`),
        'For example: rustup toolchain install stable --profile minimal --no-self-update',
        'What is built for aarch64-unknown-linux-musl is linked by the toolchain itself:',
        'export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER=rust-lld',
      ],
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    }
  },
}

function whyNotThisDebian(): string | undefined {
  if (process.arch !== 'x64') return `its toolchains are for x86_64, and this is ${process.arch}`
  const release = readFileSync('/etc/os-release', 'utf8')
  const is = (line: string) => release.split('\n').includes(line)
  // The others have no rustc-web, which is as new as Rust's own releases.
  return is('ID=debian') && is('VERSION_ID="12"') ? undefined : 'it is made of packages of Debian 12'
}
