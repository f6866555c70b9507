/** The one machine that the lab's toolchains run on. */
export const HOST = 'x86_64-unknown-linux-gnu'

export type MuslTarget = {
  triple: string
  /** Debian's name of the architecture. */
  debian: string
  /** The folder of musl's files. */
  musl: string
  /** The folder of GCC's files, and what the names of its binutils begin with. */
  gnu: string
}

/** What programs are built for. */
export const MUSL_TARGETS: readonly MuslTarget[] = [
  { triple: 'x86_64-unknown-linux-musl', debian: 'amd64', musl: 'x86_64-linux-musl', gnu: 'x86_64-linux-gnu' },
  { triple: 'aarch64-unknown-linux-musl', debian: 'arm64', musl: 'aarch64-linux-musl', gnu: 'aarch64-linux-gnu' },
]
