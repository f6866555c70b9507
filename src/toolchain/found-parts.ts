import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Environment } from '../process/environment.ts'
import { hasProgram, searchedFolders } from './programs.ts'
import { findSysroot } from './rustc.ts'

export type FoundPartsOptions = {
  components: readonly string[]
  targets: readonly string[]
  directory: string
  environment: Environment
  hasRustup: boolean
  signal: AbortSignal
}

/** What a toolchain lacks that nobody can add to, one sentence for each kind of part; undefined when it has all. */
export async function missingFromSysroot(options: FoundPartsOptions): Promise<string[] | undefined> {
  const { components, targets, environment, hasRustup } = options
  const sysroot = await findSysroot(options)
  // Beside rustup's own stand-ins on the PATH, which are always there, only the toolchain's programs say anything.
  const folders = [join(sysroot, 'bin'), ...(hasRustup ? [] : searchedFolders(environment))]
  const has = (program: string) => folders.some((folder) => hasProgram(folder, program))
  const there = targetsIn(sysroot)
  const wrong = [
    ...components.filter((name) => !hasComponent(name, sysroot, has)).map((name) => lacksComponent(name, options)),
    ...targets.filter((target) => !there.includes(target)).map((target) => lacksTarget(target, there, options)),
  ]
  return wrong.length === 0 ? undefined : wrong
}

function hasComponent(name: string, sysroot: string, has: (program: string) => boolean): boolean {
  switch (name.replace(/-preview$/, '')) {
    case 'rustc':
    case 'rust-std':
      return true
    case 'cargo':
      return has('cargo')
    case 'rustfmt':
      return has('cargo-fmt') && has('rustfmt')
    case 'clippy':
      return has('cargo-clippy') && has('clippy-driver')
    case 'rust-analyzer':
      return has('rust-analyzer')
    case 'rust-src':
      return isFolder(join(sysroot, 'lib/rustlib/src/rust/library'))
    default:
      return false
  }
}

/** The targets that the toolchain has a standard library for. */
function targetsIn(sysroot: string): string[] {
  const folder = join(sysroot, 'lib/rustlib')
  if (!isFolder(folder)) return []
  return readdirSync(folder)
    .filter((name) => {
      const libraries = join(folder, name, 'lib')
      return isFolder(libraries) && readdirSync(libraries).some((file) => /^libstd-.*\.rlib$/.test(file))
    })
    .sort()
}

function lacksComponent(name: string, { hasRustup }: FoundPartsOptions): string {
  if (hasRustup) return `The toolchain in use has no ${name}, and nothing can be added to it: ${OTHER_TOOLCHAIN}.`
  const own = Object.hasOwn(DEBIAN, name) ? DEBIAN[name] : undefined
  const install = own === undefined ? '' : `install it (Debian and Ubuntu: \`apt-get install ${own}\`), or `
  return `${name} is not installed, and this Rust is not rustup's, so nothing can be added to it: ${install}${BY_RUSTUP}.`
}

function lacksTarget(target: string, there: readonly string[], { hasRustup }: FoundPartsOptions): string {
  const has = there.length === 0 ? 'nothing' : there.map((each) => `\`${each}\``).join(', ')
  return hasRustup
    ? `The toolchain in use has no standard library for \`${target}\`, only for ${has}: ${OTHER_TOOLCHAIN}.`
    : `This Rust is not rustup's and has no standard library for \`${target}\`, only for ${has}: ${BY_RUSTUP}.`
}

const BY_RUSTUP = 'set `toolchain` (for example to `stable`), and rustup installs all that is needed'
const OTHER_TOOLCHAIN = 'build it with that, or name a toolchain that rustup can install'

const DEBIAN: Readonly<Record<string, string>> = { rustfmt: 'rustfmt', clippy: 'rust-clippy', 'rust-src': 'rust-src' }

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
