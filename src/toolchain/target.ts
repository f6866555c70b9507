import { Refused } from '../report/ending.ts'
import { editDistance } from '../report/nearest.ts'

/** What is compiled for: a triple of Rust's and, for one with glibc, the oldest glibc that the binary has to run on. */
export type Target = {
  /** As it was written. */
  name: string
  triple: string
  glibc?: string
}

/** Reads one entry of `target`. Whether the toolchain knows the triple is asked later; this refuses what cannot be one. */
export function parseTarget(name: string): Target {
  if (name.endsWith('.json')) {
    throw new Refused(
      `The target ${shown(name)} is a file with a specification of its own. That needs a standard library compiled for it, which no stable toolchain can do: name a triple, such as ${EXAMPLE}.`,
    )
  }
  const [, triple = name, glibc] = /^(.*?)\.(\d.*)$/.exec(name) ?? []
  checkTriple(triple, name)
  if (glibc === undefined) return { name, triple }
  checkGlibc(glibc, triple, name)
  return { name, triple, glibc }
}

/** What is built when nobody names a target: static for the machine's own architecture, so that it runs on any Linux. */
export function defaultTarget(host: string): string {
  const architecture = host.split('-')[0] ?? ''
  const hard = /hf$/.test(host)
  const known: Record<string, string> = {
    x86_64: 'x86_64-unknown-linux-musl',
    aarch64: 'aarch64-unknown-linux-musl',
    arm64e: 'aarch64-unknown-linux-musl',
    i686: 'i686-unknown-linux-musl',
    i586: 'i586-unknown-linux-musl',
    armv7: `armv7-unknown-linux-musleabi${hard ? 'hf' : ''}`,
    arm: `arm-unknown-linux-musleabi${hard ? 'hf' : ''}`,
    riscv64gc: 'riscv64gc-unknown-linux-musl',
    // Distributions name their own host so.
    riscv64: 'riscv64gc-unknown-linux-musl',
    loongarch64: 'loongarch64-unknown-linux-musl',
    powerpc64le: 'powerpc64le-unknown-linux-musl',
  }
  const found = Object.hasOwn(known, architecture) ? known[architecture] : undefined
  if (found !== undefined) return found
  throw new Refused(
    `This machine is ${shown(host)}, for which there is no target to take by default: name one with \`target\`.`,
  )
}

const EXAMPLE = '`x86_64-unknown-linux-musl`'

function checkTriple(triple: string, name: string): void {
  const meant = meantBy(triple)
  if (meant !== undefined) throw new Refused(`${shown(name)} is no target of Rust; did you mean \`${meant}\`?`)
  if (triple.length > 100 || !/^[a-z0-9][a-z0-9_.]*(-[a-z0-9_]+){1,4}$/.test(triple)) {
    throw new Refused(
      `${shown(name)} is no target of Rust, whose names are triples such as ${EXAMPLE}. \`rustc --print target-list\` shows all.`,
    )
  }
}

/** Rust's own standard library needs 2.17, and linkers silently take another version where they do not know one. */
function checkGlibc(glibc: string, triple: string, name: string): void {
  if (!/-linux-gnu[a-z0-9]*$/.test(triple)) {
    throw new Refused(
      `The target ${shown(name)} names a version of glibc, which \`${triple}\` does not link with: only targets that end in -gnu take one.`,
    )
  }
  const minor = /^2\.(\d{1,2})$/.exec(glibc)?.[1]
  if (minor === undefined || minor !== String(Number(minor))) {
    throw new Refused(
      `The target ${shown(name)} names the glibc ${shown(glibc)}, which does not exist: write it as in \`${triple}.2.28\`.`,
    )
  }
  if (Number(minor) < OLDEST_GLIBC_MINOR) {
    throw new Refused(
      `The target ${shown(name)} asks for glibc ${glibc}, but Rust's standard library needs 2.${OLDEST_GLIBC_MINOR} or newer: name that, or build a static binary (-musl).`,
    )
  }
}

const OLDEST_GLIBC_MINOR = 17

/** The triple that a wrong name stands for, where that is clear. Unknown triples may be newer than this list. */
function meantBy(triple: string): string | undefined {
  if (COMMON.includes(triple) || triple.length > 100) return undefined
  const [first = '', ...rest] = triple.toLowerCase().split('-')
  const architecture = NICKNAMES[first] ?? first
  const own = COMMON.filter((known) => known.startsWith(`${architecture}-`))
  // Only an architecture, or the C library beside it, leaves nothing open either.
  const end = rest.filter((part) => part !== 'unknown' && part !== 'linux').join('-')
  if (end === '') return own[0]
  if (end === 'musl' || end === 'gnu') return own.find((known) => known.includes(`-linux-${end}`))
  const written = rest.length > 2 ? rest.join('-') : `unknown-${rest.join('-')}`
  const distances = own.map((known) => ({ known, distance: editDistance(`${architecture}-${written}`, known) }))
  const best = distances.sort((a, b) => a.distance - b.distance)[0]
  return best !== undefined && best.distance <= 2 ? best.known : undefined
}

/** The Linux targets with a standard library to download, what is most often meant first. */
const COMMON: readonly string[] = [
  'x86_64-unknown-linux-musl',
  'x86_64-unknown-linux-gnu',
  'aarch64-unknown-linux-musl',
  'aarch64-unknown-linux-gnu',
  'armv7-unknown-linux-musleabihf',
  'armv7-unknown-linux-gnueabihf',
  'armv7-unknown-linux-musleabi',
  'armv7-unknown-linux-gnueabi',
  'arm-unknown-linux-musleabihf',
  'arm-unknown-linux-gnueabihf',
  'arm-unknown-linux-musleabi',
  'arm-unknown-linux-gnueabi',
  'riscv64gc-unknown-linux-musl',
  'riscv64gc-unknown-linux-gnu',
  'loongarch64-unknown-linux-musl',
  'loongarch64-unknown-linux-gnu',
  'powerpc64le-unknown-linux-musl',
  'powerpc64le-unknown-linux-gnu',
  'i686-unknown-linux-musl',
  'i686-unknown-linux-gnu',
  'i586-unknown-linux-musl',
  'i586-unknown-linux-gnu',
  's390x-unknown-linux-gnu',
]

/** As other tools call the architectures. */
const NICKNAMES: Readonly<Record<string, string>> = Object.assign(Object.create(null), {
  amd64: 'x86_64',
  x64: 'x86_64',
  arm64: 'aarch64',
  armhf: 'armv7',
  armv7l: 'armv7',
  riscv64: 'riscv64gc',
  ppc64le: 'powerpc64le',
  i386: 'i686',
})

/** Hostile characters are shown, not obeyed. */
function shown(text: string): string {
  const short = text.length > 100 ? `${text.slice(0, 100)}…` : text
  return /^[\x20-\x7e…]*$/.test(short) ? `\`${short}\`` : JSON.stringify(short)
}
