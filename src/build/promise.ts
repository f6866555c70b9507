import { Failed } from '../report/ending.ts'
import type { ElfFacts } from './elf/read.ts'
import { isMusl, machineMismatch } from './elf/triple.ts'
import { compareVersions } from './elf/version.ts'

/** What a target promises of the binary. */
export type Promised = {
  /** As the user has written it, such as `x86_64-unknown-linux-gnu.2.28`. */
  name: string
  triple: string
  /** The oldest glibc that it must run with. */
  glibc?: string
}

/** It brings along all that it needs, and starts on every Linux of its architecture. */
export function isStatic({ interpreter, needed }: ElfFacts): boolean {
  return interpreter === undefined && needed.length === 0
}

const KINDS: Readonly<Record<string, string>> = {
  shared: 'a shared library',
  object: 'an object file',
  core: 'the memory of a program that has crashed',
}

/** Proves that a file can be started on Linux at all. */
export function proveProgram(binary: string, { kind, system }: ElfFacts): void {
  if (kind !== 'executable' && kind !== 'pie') {
    throw new Failed(
      `The binary \`${binary}\` cannot be started: it is ${KINDS[kind] ?? `an ELF file of ${kind}`}. Name the program that cargo has built.`,
    )
  }
  if (system !== 'linux') {
    throw new Failed(`The binary \`${binary}\` is for ${system}, not for Linux. Build it for a target of Linux.`)
  }
}

/** Proves that a program is what its target promises. */
export function proveKept(binary: string, facts: ElfFacts, target: Promised): void {
  proveMachine(binary, facts, target)
  const abi = target.triple.split('-').at(-1) ?? ''
  if (abi.startsWith('musl')) proveStatic(binary, facts, target)
  else if (abi.startsWith('gnu')) proveGlibc(binary, facts, target)
}

function proveMachine(binary: string, facts: ElfFacts, { name, triple }: Promised): void {
  const mismatch = machineMismatch(facts, triple)
  if (mismatch === undefined) return
  throw new Failed(
    `The binary \`${binary}\` is for ${mismatch.is}, but ${name} was promised, which is ${mismatch.promised}. Build it with \`target: ${name}\`, or name the target that it was built for.`,
  )
}

function proveGlibc(binary: string, facts: ElfFacts, target: Promised): void {
  if (isStatic(facts)) return
  if (isMusl(facts)) {
    throw new Failed(
      `The binary \`${binary}\` is linked with musl, but ${target.name} was promised, which is glibc. Build it with \`target: ${target.name}\`.`,
    )
  }
  if (target.glibc !== undefined) proveFloor(binary, facts, { ...target, glibc: target.glibc })
}

/** A program for musl that is not static does not start where there is no musl, and almost no server has it. */
function proveStatic(binary: string, facts: ElfFacts, { name, triple }: Promised): void {
  if (isStatic(facts)) return
  const needs = facts.needed.length > 0 ? `needs ${facts.needed.join(', ')}` : `is started by ${facts.interpreter}`
  const remedy =
    isMusl(facts) || facts.interpreter === undefined
      ? 'Rust links some targets dynamically unless it is told otherwise: add `-C target-feature=+crt-static` to the rustflags of this target, and see that nothing there says `-crt-static` or makes musl-gcc the linker.'
      : `It was linked by a linker for glibc: take away what sets one for ${triple} (CARGO_TARGET_${triple.toUpperCase().replaceAll('-', '_')}_LINKER, or \`linker\` in .cargo/config.toml).`
  throw new Failed(`The binary \`${binary}\` is not static: it ${needs}, but ${name} was promised. ${remedy}`)
}

function proveFloor(binary: string, { glibc }: ElfFacts, { name, glibc: floor }: Promised & { glibc: string }): void {
  if (glibc === undefined || compareVersions(glibc.version, floor) <= 0) return
  const because = glibc.symbol === undefined ? glibc.library : `${glibc.symbol} of ${glibc.library}`
  throw new Failed(
    `The binary \`${binary}\` needs glibc ${glibc.version} (because of ${because}), but ${name} promises that ${floor} is enough. Libraries of the machine were linked in: let zig link it, name ${name.replace(/\.\d+(\.\d+)?$/, `.${glibc.version}`)}, or build for musl.`,
  )
}
