import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { removeFolder } from '../../remove-folder.ts'

export type Wanted = {
  bits?: 32 | 64
  endian?: 'little' | 'big'
  machine?: number
  flags?: number
  system?: number
  /** 2 is a program at a fixed address, 3 one that can be loaded anywhere, or a library. */
  type?: number
  entry?: number
  interpreter?: string
  needed?: readonly string[]
  soname?: string
  runpath?: string
  isPie?: boolean
  /** The versions needed of each library; the symbols `symbol1` … import them one after the other. */
  versions?: Readonly<Record<string, readonly (string | { name: string; flags: number })[]>>
  buildId?: string
  /** Further sections by name. */
  sections?: Readonly<Record<string, string | Buffer>>
  /** Without them there is no table of sections at all, as sstrip leaves it. */
  hasSections?: boolean
  /** Numbers of sections that the header has no place for stand in the first section. */
  hasLargeCounts?: boolean
}

/** Where it is loaded; addresses must not be taken for offsets. */
const BASE = 0x10000

/** A program as a linker would write it, for machines and byte orders that no compiler here writes. It does nothing. */
export function madeElf(wanted: Wanted = {}): Buffer {
  const { bits = 64, endian = 'little', machine = 62, hasSections = true } = wanted
  const words = numbersOf(bits, endian)
  const w = bits / 8
  const phdr = bits === 64 ? 56 : 32
  const headerSize = 40 + 3 * w
  const dynamic = wanted.needed ?? wanted.versions ?? wanted.soname ?? wanted.runpath ?? wanted.isPie
  const parts: { name: string; type: number; segment?: number; bytes: Buffer }[] = []
  const add = (name: string, type: number, bytes: Buffer, segment?: number) =>
    parts.push({ name, type, bytes, ...(segment !== undefined && { segment }) })

  if (wanted.interpreter !== undefined) add('.interp', 1, Buffer.from(`${wanted.interpreter}\0`), 3)
  if (wanted.buildId !== undefined) add('.note.gnu.build-id', 7, noteOf(words, wanted.buildId), 4)
  const strings = new Strings()
  if (dynamic !== undefined) {
    const imports = importsOf(wanted, words, strings)
    add('.dynsym', 11, imports.symbols)
    add('.gnu.version', 0x6fffffff, imports.indexes)
    add('.gnu.version_r', 0x6ffffffe, imports.needs)
    const tags: [number, number | string][] = [
      ...(wanted.needed ?? []).map((name): [number, number] => [1, strings.at(name)]),
      ...(wanted.soname === undefined ? [] : [[14, strings.at(wanted.soname)] as [number, number]]),
      ...(wanted.runpath === undefined ? [] : [[29, strings.at(wanted.runpath)] as [number, number]]),
      [5, '.dynstr'],
      [10, strings.size],
      [6, '.dynsym'],
      ...(imports.libraries === 0
        ? []
        : ([
            [0x6ffffff0, '.gnu.version'],
            [0x6ffffffe, '.gnu.version_r'],
            [0x6fffffff, imports.libraries],
          ] as [number, number | string][])),
      ...(wanted.isPie ? [[0x6ffffffb, 0x08000000] as [number, number]] : []),
      [0, 0],
    ]
    add('.dynstr', 3, strings.bytes())
    add('.dynamic', 6, Buffer.alloc(tags.length * 2 * w), 2)
    const segments = parts.filter(({ segment }) => segment !== undefined).length + 1
    const offsets = offsetsOf(parts, headerSize + segments * phdr)
    const entries = tags.flatMap(([tag, value]) => [
      words.word(tag),
      words.word(typeof value === 'number' ? value : BASE + (offsets.get(value) ?? 0)),
    ])
    parts.splice(-1, 1, { name: '.dynamic', type: 6, segment: 2, bytes: Buffer.concat(entries) })
  }
  const loaded = parts.length
  for (const [name, content] of Object.entries(wanted.sections ?? {})) {
    add(name, name === '.symtab' ? 2 : name === '.bss' ? 8 : 1, Buffer.from(content))
  }
  const names = new Strings()
  for (const { name } of parts) names.at(name)
  names.at('.shstrtab')
  if (hasSections) add('.shstrtab', 3, names.bytes())

  const segments = parts.filter(({ segment }) => segment !== undefined)
  const offsets = offsetsOf(parts, headerSize + (segments.length + 1) * phdr)
  const last = parts.at(-1)
  const end = last === undefined ? headerSize + phdr : (offsets.get(last.name) ?? 0) + last.bytes.length
  const table = hasSections ? Math.ceil(end / 8) * 8 : 0
  const lastLoaded = parts[loaded - 1]
  const loadedEnd =
    lastLoaded === undefined ? headerSize + phdr : (offsets.get(lastLoaded.name) ?? 0) + lastLoaded.bytes.length
  const segmentOf = (type: number, offset: number, size: number) => {
    const [p, a, s] = [words.word(offset), words.word(BASE + offset), words.word(size)]
    const align = words.word(8)
    return Buffer.concat(
      bits === 64
        ? [words.u32(type), words.u32(5), p, a, a, s, s, align]
        : [words.u32(type), p, a, a, s, s, words.u32(5), align],
    )
  }
  const count = parts.length + 1
  const file = Buffer.alloc(hasSections ? table + count * (bits === 64 ? 64 : 40) : end)
  const large = wanted.hasLargeCounts === true
  Buffer.concat([
    Buffer.from([0x7f, 0x45, 0x4c, 0x46, bits / 32, endian === 'little' ? 1 : 2, 1, wanted.system ?? 0]),
    Buffer.alloc(8),
    words.u16(wanted.type ?? 2),
    words.u16(machine),
    words.u32(1),
    words.word(wanted.entry ?? BASE),
    words.word(headerSize),
    words.word(table),
    words.u32(wanted.flags ?? 0),
    words.u16(headerSize),
    words.u16(phdr),
    words.u16(large ? 0xffff : segments.length + 1),
    words.u16(hasSections ? (bits === 64 ? 64 : 40) : 0),
    words.u16(hasSections && !large ? count : 0),
    words.u16(hasSections ? (large ? 0xffff : count - 1) : 0),
    segmentOf(1, 0, loadedEnd),
    ...segments.map(({ name, segment, bytes }) => segmentOf(segment ?? 0, offsets.get(name) ?? 0, bytes.length)),
  ]).copy(file)
  for (const { name, bytes } of parts) bytes.copy(file, offsets.get(name))
  if (!hasSections) return file
  const sectionOf = (name: number, type: number, offset: number, size: number, link = 0, info = 0) =>
    Buffer.concat([
      words.u32(name),
      words.u32(type),
      words.word(0),
      words.word(0),
      words.word(offset),
      words.word(size),
      words.u32(link),
      words.u32(info),
      words.word(1),
      words.word(0),
    ])
  Buffer.concat([
    large ? sectionOf(0, 0, 0, count, count - 1, segments.length + 1) : sectionOf(0, 0, 0, 0),
    ...parts.map(({ name, type, bytes }) => sectionOf(names.at(name), type, offsets.get(name) ?? 0, bytes.length)),
  ]).copy(file, table)
  return file
}

type Numbers = { u16(value: number): Buffer; u32(value: number): Buffer; word(value: number): Buffer; bits: 32 | 64 }

function numbersOf(bits: 32 | 64, endian: 'little' | 'big'): Numbers {
  const ordered = (value: number, size: number) => {
    const bytes = Buffer.alloc(size)
    if (size === 8) bytes.writeBigUInt64LE(BigInt(value))
    else bytes.writeUIntLE(value, 0, size)
    return endian === 'little' ? bytes : bytes.reverse()
  }
  return { bits, u16: (v) => ordered(v, 2), u32: (v) => ordered(v, 4), word: (v) => ordered(v, bits / 8) }
}

/** Texts one after the other, each ended by a zero byte; the first one is empty. */
class Strings {
  readonly #known = new Map<string, number>([['', 0]])
  size = 1

  at(text: string): number {
    const known = this.#known.get(text)
    if (known !== undefined) return known
    const place = this.size
    this.#known.set(text, place)
    this.size += Buffer.byteLength(text) + 1
    return place
  }

  bytes(): Buffer {
    return Buffer.from([...this.#known.keys()].map((text) => `${text}\0`).join(''))
  }
}

function importsOf({ versions = {} }: Wanted, words: Numbers, strings: Strings) {
  const symbols = [Buffer.alloc(words.bits === 64 ? 24 : 16)]
  const indexes = [words.u16(0)]
  const needs: Buffer[] = []
  const libraries = Object.entries(versions)
  for (const [place, [library, names]] of libraries.entries()) {
    const isLast = place === libraries.length - 1
    needs.push(
      ...[words.u16(1), words.u16(names.length), words.u32(strings.at(library)), words.u32(16)],
      words.u32(isLast ? 0 : 16 + 16 * names.length),
    )
    for (const [at, version] of names.entries()) {
      const { name, flags } = typeof version === 'string' ? { name: version, flags: 0 } : version
      const index = indexes.length + 1
      const next = at === names.length - 1 ? 0 : 16
      needs.push(words.u32(0), words.u16(flags), words.u16(index), words.u32(strings.at(name)), words.u32(next))
      indexes.push(words.u16(index))
      const symbol = Buffer.alloc(words.bits === 64 ? 24 : 16)
      words.u32(strings.at(`symbol${symbols.length}`)).copy(symbol)
      symbols.push(symbol)
    }
  }
  return {
    libraries: libraries.length,
    symbols: Buffer.concat(symbols),
    indexes: Buffer.concat(indexes),
    needs: Buffer.concat(needs),
  }
}

function noteOf(words: Numbers, hex: string): Buffer {
  const id = Buffer.from(hex, 'hex')
  return Buffer.concat([words.u32(4), words.u32(id.length), words.u32(3), Buffer.from('GNU\0'), id])
}

function offsetsOf(parts: readonly { name: string; bytes: Buffer }[], start: number): Map<string, number> {
  const offsets = new Map<string, number>()
  let offset = start
  for (const { name, bytes } of parts) {
    offset = Math.ceil(offset / 8) * 8
    offsets.set(name, offset)
    offset += bytes.length
  }
  return offsets
}

export type MadeFile = Disposable & { path: string }

/** A file of its own with these bytes, gone at the end of the test. */
export function madeFile(bytes: string | Uint8Array): MadeFile {
  const folder = mkdtempSync(join(tmpdir(), 'rust-deploy-elf-'))
  const path = join(folder, 'program')
  writeFileSync(path, bytes)
  return { path, [Symbol.dispose]: () => removeFolder(folder) }
}
