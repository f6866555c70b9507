import { stat } from 'node:fs/promises'
import { Failed } from '../report/ending.ts'
import type { Log } from '../report/log.ts'
import { bytes } from '../report/markdown.ts'
import { type ElfFacts, readElf } from './elf/read.ts'
import { guessTarget } from './elf/triple.ts'
import { findLeaks, type Leaks } from './leaks.ts'
import { isStatic, type Promised, proveKept, proveProgram } from './promise.ts'

export type ProofOptions = {
  /** How the binary is called in messages. */
  binary: string
  path: string
  /** Unknown for what somebody else has built. */
  target?: Promised
  /** Folders of this machine by what they are, such as `CARGO_HOME`: none of them should stand in the binary. */
  directories: Readonly<Record<string, string | undefined>>
  log: Log
  signal: AbortSignal
}

export type Proof =
  | {
      kind: 'elf'
      /** The triple that was promised, or the one that fits what was found. */
      target: string
      facts: ElfFacts
      isStatic: boolean
      /** The oldest glibc that it starts with; undefined when it needs none. */
      minGlibc: string | undefined
      leaks: Leaks
    }
  /** There is nothing to compare with here: programs for other systems have other headers. */
  | { kind: 'unproved'; target: string; why: string }

/** Proves that a binary is what its target promises, before it goes anywhere. */
export async function proveBinary(options: ProofOptions): Promise<Proof> {
  const { binary, path, target, directories, log, signal } = options
  if (target !== undefined && !isLinux(target.triple)) {
    return { kind: 'unproved', target: target.triple, why: `${target.triple} is not Linux, and only ELF is read` }
  }
  const { facts, sections } = await readProgram(binary, path)
  proveProgram(binary, facts)
  if (target !== undefined) proveKept(binary, facts, target)
  const leaks = await findLeaks({ path, directories, sections, signal })
  if (leaks.count > 0) warnOfLeaks(binary, leaks, log)
  return {
    kind: 'elf',
    target: target?.triple ?? guessTarget(facts),
    facts,
    isStatic: isStatic(facts),
    minGlibc: facts.glibc?.version,
    leaks,
  }
}

/** One line for the log: `x86_64, static, stripped, 1.7 MB`. */
export function describeProof(proof: Proof): string {
  if (proof.kind === 'unproved') return `not proved: ${proof.why}`
  const { machine, needed, stripped, hasDebug, size } = proof.facts
  const libraries = `${needed.length} ${needed.length === 1 ? 'library' : 'libraries'}`
  return [
    machine,
    proof.isStatic ? 'static' : `dynamic with ${libraries}`,
    ...(proof.minGlibc === undefined ? [] : [`glibc ${proof.minGlibc} or newer`]),
    stripped ? 'stripped' : hasDebug ? 'with debug information' : 'with symbols',
    bytes(size),
  ].join(', ')
}

function isLinux(triple: string): boolean {
  return /-linux(-|$)/.test(triple)
}

async function readProgram(binary: string, path: string) {
  // A pipe would be waited for.
  const found = await stat(path).catch((error: Error) => {
    throw new Failed(`The binary \`${binary}\` cannot be read (${error.message}): build it again.`, { cause: error })
  })
  if (!found.isFile()) throw new Failed(`The binary \`${binary}\` is no file: ${path}. Name the program itself.`)
  const reading = await readElf(path)
  switch (reading.kind) {
    case 'elf':
      return reading
    case 'foreign':
      throw new Failed(
        `The binary \`${binary}\` is no program for Linux, which is an ELF file: it is ${reading.is}. Name the program that cargo has built.`,
      )
    case 'damaged':
      throw new Failed(`The binary \`${binary}\` is damaged: ${reading.why}. Build it, or bring it here, again.`)
  }
}

function warnOfLeaks(binary: string, { count, strippable, examples }: Leaks, log: Log): void {
  const shown = examples.map(({ path, section }) => (section === undefined ? path : `${path} (in ${section})`))
  const remedy = strippable
    ? 'Setting `strip = true` in the profile takes them away.'
    : 'They come from code that asks for them, such as `env!("CARGO_MANIFEST_DIR")`, or from C code.'
  log.finding({
    level: 'warning',
    title: 'Paths of this machine in the binary',
    message: `The binary \`${binary}\` names ${count} ${count === 1 ? 'path' : 'paths'} of the machine that built it, so another one builds other bytes: ${shown.join(', ')}. ${remedy}`,
  })
}
