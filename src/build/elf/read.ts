import { open } from 'node:fs/promises'
import { type Dynamic, readDynamic } from './dynamic.ts'
import { Damaged, PartialFile, textAt } from './file.ts'
import { describeForeign } from './foreign.ts'
import { type GlibcNeed, readGlibcNeed } from './glibc.ts'
import {
  type Header,
  INTERPRETER,
  readHeader,
  readSections,
  readSegments,
  type Section,
  type Segment,
  SYMBOL_TABLE,
} from './headers.ts'
import { type FloatAbi, floatAbi, machineName, systemName } from './machine.ts'
import { readBuildId } from './notes.ts'

/** What the headers of a program say of the machines that it runs on. */
export type ElfFacts = {
  /** By Rust's name, or `unknown(<number>)`. */
  machine: string
  bits: 32 | 64
  endian: 'little' | 'big'
  system: string
  kind: 'executable' | 'pie' | 'shared' | 'object' | 'core' | `type ${number}`
  floatAbi: FloatAbi | undefined
  /** The dynamic linker that must be on the server; none when the program is static. */
  interpreter: string | undefined
  needed: readonly string[]
  runpath: string | undefined
  glibc: GlibcNeed | undefined
  stripped: boolean
  hasDebug: boolean
  buildId: string | undefined
  /** It names the crates that it was made of, for `cargo audit bin`. */
  auditable: boolean
  size: number
  /** The ten largest, the largest first. */
  sections: readonly { name: string; size: number }[]
}

export type Reading =
  | { kind: 'elf'; facts: ElfFacts; sections: readonly Section[] }
  /** What it is instead, as the end of "it is …". */
  | { kind: 'foreign'; is: string }
  /** What is wrong with it, as a part of a sentence. */
  | { kind: 'damaged'; why: string }

/** Reads the headers of a file that may be anything. Time and memory are bounded whatever stands in it. */
export async function readElf(path: string): Promise<Reading> {
  const handle = await open(path, 'r')
  try {
    const file = new PartialFile(handle, (await handle.stat()).size)
    const start = await file.readUpTo(0, 256, 'beginning')
    if (start.length < 16 || start.toString('latin1', 0, 4) !== '\x7fELF') {
      return { kind: 'foreign', is: describeForeign(start) }
    }
    return await readProgram(file)
  } catch (error) {
    if (error instanceof Damaged) return { kind: 'damaged', why: error.message }
    throw error
  } finally {
    await handle.close()
  }
}

async function readProgram(file: PartialFile): Promise<Reading> {
  const header = await readHeader(file)
  const { words } = header
  const segments = await readSegments(file, header)
  const dynamic = await readDynamic(file, header, segments)
  const interpreter = await readInterpreter(file, segments)
  const sections = await readSections(file, header)
  const machine = machineName(header.machine, words)
  const facts: ElfFacts = {
    machine,
    bits: words.bits,
    endian: words.endian,
    system: systemName(header.system),
    kind: kindOf(header, dynamic, interpreter),
    floatAbi: floatAbi(machine, header.flags),
    interpreter,
    needed: dynamic?.needed ?? [],
    runpath: dynamic?.runpath,
    glibc: dynamic && (await readGlibcNeed(file, words, dynamic)),
    stripped: !sections.some(({ type }) => type === SYMBOL_TABLE),
    hasDebug: sections.some(({ name, size }) => /^\.z?debug_/.test(name) && size > 0),
    buildId: await readBuildId(file, words, segments),
    auditable: sections.some(({ name, size }) => name === '.dep-v0' && size > 0),
    size: file.size,
    sections: largestOf(sections),
  }
  return { kind: 'elf', facts, sections }
}

async function readInterpreter(file: PartialFile, segments: readonly Segment[]): Promise<string | undefined> {
  const segment = segments.find(({ type }) => type === INTERPRETER)
  if (segment === undefined) return undefined
  return textAt(file, segment.offset, segment.offset + segment.fileSize, 'interpreter')
}

/** A program that can be loaded anywhere has the same type as a shared library. */
function kindOf({ type, entry }: Header, dynamic: Dynamic | undefined, interpreter: string | undefined) {
  if (type === 1) return 'object'
  if (type === 2) return 'executable'
  if (type === 4) return 'core'
  if (type !== 3) return `type ${type}` as const
  if (dynamic?.isPie) return 'pie'
  if (dynamic?.soname !== undefined) return 'shared'
  // Linkers marked programs only from 2015 on.
  return interpreter !== undefined || entry !== 0 ? 'pie' : 'shared'
}

function largestOf(sections: readonly Section[]): ElfFacts['sections'] {
  return sections
    .filter(({ size }) => size > 0)
    .map(({ name, size }) => ({ name, size }))
    .toSorted((a, b) => b.size - a.size)
    .slice(0, 10)
}
