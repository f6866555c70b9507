import { run } from '../../ground/command.ts'

/**
 * What must be installed to make the mirror, and to stay installed: the toolchains that rustup installs from it call
 * these programs and need their libraries. A linker and a C compiler come with them.
 */
export const RUST_PACKAGES = [
  'rustc-web',
  'cargo-web',
  'rustfmt-web',
  'rust-web-clippy',
  'binutils-aarch64-linux-gnu',
] as const

/** The Rust that Debian has installed, as far as the mirror depends on it. */
export type DebianRust = {
  /** Debian's version of the package. */
  packaged: string
  release: string
  commit: string
  commitDate: string
  /** The major version of its LLVM. */
  llvm: string
  /** The major version of Debian's GCC. */
  gcc: string
}

/** What the security updates of Debian 12 have; its own archive has 1.85, whose sources lie elsewhere. */
const OLDEST_MINOR = 96

export async function debianRust(): Promise<DebianRust> {
  const said = await run(['/usr/bin/rustc', '-vV'])
  const fact = (name: string): string => {
    const value = new RegExp(`^${name}: (.+)$`, 'm').exec(said)?.[1]
    if (value === undefined) throw new Error(`Debian's rustc does not tell its ${name}:\n${said}`)
    return value
  }
  const release = fact('release')
  if (Number(release.split('.')[1]) < OLDEST_MINOR) {
    throw new Error(
      `Debian's Rust is ${release}, from an archive without the security updates, and the mirror needs 1.${OLDEST_MINOR} or newer: enable bookworm-security, then apt-get update and apt-get install --only-upgrade ${RUST_PACKAGES.join(' ')}`,
    )
  }
  return {
    // dpkg fills in the placeholder, not we.
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the format language of dpkg-query
    packaged: await run(['dpkg-query', '-W', '-f', '${Version}', 'rustc-web']),
    release,
    commit: fact('commit-hash'),
    commitDate: fact('commit-date'),
    llvm: fact('LLVM version').replace(/\..*/, ''),
    gcc: (await run(['/usr/bin/gcc', '-dumpversion'])).trim(),
  }
}
