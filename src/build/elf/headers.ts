import { Damaged, type PartialFile, textIn } from './file.ts'
import { Words } from './words.ts'

/** The very beginning of a file. */
export type Header = {
  words: Words
  system: number
  type: number
  machine: number
  flags: number
  entry: number
  segments: Table
  sections: Table
  /** Which section holds the names of the sections. */
  namesIndex: number
}

type Table = { offset: number; count: number; entrySize: number }

export type Segment = { type: number; offset: number; address: number; fileSize: number }

export type Section = { name: string; type: number; offset: number; size: number }

/** Types of segments. */
export const LOAD = 1
export const DYNAMIC = 2
export const INTERPRETER = 3
export const NOTE = 4

/** Types of sections. */
const NO_BITS = 8
export const SYMBOL_TABLE = 2

/** Real programs have about a dozen segments and some dozens of sections. */
const MOST_SEGMENTS = 1000
const MOST_SECTIONS = 4000

/** Where to find everything else. The caller has seen the four bytes that every ELF file begins with. */
export async function readHeader(file: PartialFile): Promise<Header> {
  const ident = await file.read(0, 16, 'header')
  const [bits, endian] = [ident[4], ident[5]]
  if ((bits !== 1 && bits !== 2) || (endian !== 1 && endian !== 2)) {
    throw new Damaged('its header says neither which word size nor which byte order it has')
  }
  const words = new Words(bits === 1 ? 32 : 64, endian === 1 ? 'little' : 'big')
  const w = words.size
  const bytes = await file.read(0, 40 + 3 * w, 'header')
  const short = (index: number) => words.u16(bytes, 28 + 3 * w + 2 * index)
  const header: Header = {
    words,
    system: ident[7] ?? 0,
    type: words.u16(bytes, 16),
    machine: words.u16(bytes, 18),
    entry: words.word(bytes, 24),
    flags: words.u32(bytes, 24 + 3 * w),
    segments: { offset: words.word(bytes, 24 + w), entrySize: short(1), count: short(2) },
    sections: { offset: words.word(bytes, 24 + 2 * w), entrySize: short(3), count: short(4) },
    namesIndex: short(5),
  }
  return header.sections.offset === 0 ? header : withLargeCounts(file, header)
}

/** Numbers that are too large for the header stand in the first section, which is otherwise empty. */
async function withLargeCounts(file: PartialFile, header: Header): Promise<Header> {
  const { segments, sections, namesIndex, words } = header
  if (sections.count !== 0 && namesIndex !== 0xffff && segments.count !== 0xffff) return header
  const first = await file.read(sections.offset, sectionSize(words), 'table of sections')
  const { size, link, info } = sectionFields(words, first, 0)
  return {
    ...header,
    sections: { ...sections, count: sections.count === 0 ? size : sections.count },
    segments: { ...segments, count: segments.count === 0xffff ? info : segments.count },
    namesIndex: namesIndex === 0xffff ? link : namesIndex,
  }
}

/** What is loaded into memory, and where. */
export async function readSegments(file: PartialFile, { words, segments }: Header): Promise<Segment[]> {
  const size = words.bits === 32 ? 32 : 56
  return readTable(file, segments, { size, most: MOST_SEGMENTS, what: 'table of segments' }, (bytes, at) => {
    const fields = at + (words.bits === 32 ? 4 : 8)
    const field = (index: number) => words.word(bytes, fields + index * words.size)
    const segment = { type: words.u32(bytes, at), offset: field(0), address: field(1), fileSize: field(3) }
    if (segment.type === LOAD) mustBeInside(file, 'loaded part', segment.offset, segment.fileSize)
    return segment
  })
}

/** How the linker has named the parts of the file; a program runs without, and small ones have none. */
export async function readSections(file: PartialFile, header: Header): Promise<Section[]> {
  const { words, sections, namesIndex } = header
  if (sections.offset === 0) return []
  const limits = { size: sectionSize(words), most: MOST_SECTIONS, what: 'table of sections' }
  const found = await readTable(file, sections, limits, (bytes, at) => sectionFields(words, bytes, at))
  const table = namesIndex === 0 ? undefined : found[namesIndex]
  const names = table && (await file.read(table.offset, table.size, 'names of sections'))
  return found.map(({ name, type, offset, size }) => {
    const isInFile = type !== NO_BITS && type !== 0
    if (isInFile) mustBeInside(file, 'section', offset, size)
    return { name: names ? textIn(names, name, 'section name') : '', type, offset, size: isInFile ? size : 0 }
  })
}

type Limits = { size: number; most: number; what: string }

async function readTable<T>(
  file: PartialFile,
  { offset, count, entrySize }: Table,
  { size, most, what }: Limits,
  read: (bytes: Buffer, at: number) => T,
): Promise<T[]> {
  if (count === 0) return []
  if (count > most) throw new Damaged(`its ${what} claims to have ${count} entries`)
  if (entrySize !== size) throw new Damaged(`the entries of its ${what} are ${entrySize} bytes long instead of ${size}`)
  const bytes = await file.read(offset, count * size, what)
  return Array.from({ length: count }, (_, index) => read(bytes, index * size))
}

function sectionSize({ bits }: Words): number {
  return bits === 32 ? 40 : 64
}

function sectionFields(words: Words, bytes: Buffer, at: number) {
  const w = words.size
  return {
    name: words.u32(bytes, at),
    type: words.u32(bytes, at + 4),
    offset: words.word(bytes, at + 8 + 2 * w),
    size: words.word(bytes, at + 8 + 3 * w),
    link: words.u32(bytes, at + 8 + 4 * w),
    info: words.u32(bytes, at + 12 + 4 * w),
  }
}

function mustBeInside(file: PartialFile, what: string, offset: number, size: number): void {
  if (offset + size <= file.size) return
  throw new Damaged(
    `a ${what} of it ends at byte ${offset + size}, but the file is ${file.size} bytes long: it is cut off`,
  )
}
