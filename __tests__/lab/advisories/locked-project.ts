import { hello, lockOf, type MadeProject, madeProject, manifestOf } from '../../made-project.ts'

const CRATES_IO = 'registry+https://github.com/rust-lang/crates.io-index'

/** A published version, as Cargo.lock names it. */
export type Published = { name: string; version: string; checksum: string }

export const SMALLVEC: Published = {
  name: 'smallvec',
  version: '1.6.0',
  checksum: '1a55ca5f3b68e41c979bf8c46a6f1da892ca4db8f94023ce0bd32407573b1ac0',
}
/** Its authors took it back from crates.io, years ago. */
export const YANKED: Published = {
  name: 'autocfg',
  version: '0.1.3',
  checksum: 'dfb37ca32a3d9d88f18d08bac8d28368b8ee1f14f8b08eb62999c51720035b55',
}

/** A project that depends on published packages by these very versions; nothing of it is ever compiled. */
export function lockedProject(locked: readonly Published[], more: Readonly<Record<string, string>> = {}): MadeProject {
  const manifest = locked.map(({ name, version }) => `${name} = "${version.replace(/\.\d+$/, '')}"\n`).join('')
  const packages = locked.map(
    ({ name, version, checksum }) =>
      `\n[[package]]\nname = "${name}"\nversion = "${version}"\nsource = "${CRATES_IO}"\nchecksum = "${checksum}"\n`,
  )
  const names = locked.map(({ name }) => ` "${name}",\n`).toSorted()
  const lock = `${lockOf('hello')}dependencies = [\n${names.join('')}]\n`
  // Cargo writes the packages in the order of their names.
  const [head, ...own] = lock.split(/(?=\n\[\[package\]\])/)
  const sorted = [...packages, ...own].toSorted((one, other) => (nameIn(one) < nameIn(other) ? -1 : 1))
  return madeProject(
    hello({
      'Cargo.toml': manifestOf('hello', `license = "MIT"\n[dependencies]\n${manifest}`),
      'Cargo.lock': `${head}${sorted.join('')}`,
      'src/main.rs': 'fn main() {}\n',
      ...more,
    }),
  )
}

function nameIn(entry: string): string {
  return /name = "([^"]*)"/.exec(entry)?.[1] ?? ''
}
