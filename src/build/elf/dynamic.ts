import { Damaged, type PartialFile, textAt } from './file.ts'
import { DYNAMIC, type Header, LOAD, type Segment } from './headers.ts'
import type { Words } from './words.ts'

/** What the dynamic linker is told: by it alone a program that has no section headers is judged too. */
export type Dynamic = {
  needed: readonly string[]
  soname: string | undefined
  runpath: string | undefined
  isPie: boolean
  strings: Strings
  /** Where the versions that it needs of its libraries stand, and of how many libraries. */
  needs: { offset: number; count: number } | undefined
  symbols: number | undefined
  versions: number | undefined
}

/** Gives the text at an offset of the table of strings. */
export type Strings = (offset: number) => Promise<string>

const NEEDED = 1
const STRING_TABLE = 5
const SYMBOLS = 6
const STRING_TABLE_SIZE = 10
const SONAME = 14
const RPATH = 15
const RUNPATH = 29
const VERSIONS = 0x6ffffff0
const FLAGS_1 = 0x6ffffffb
const VERSION_NEEDS = 0x6ffffffe
const VERSION_NEEDS_COUNT = 0x6fffffff
const PIE = 0x08000000

/** Real programs have about thirty entries, and need some dozens of libraries. */
const MOST_ENTRIES = 10_000
const MOST_LIBRARIES = 1000

export async function readDynamic(
  file: PartialFile,
  { words }: Header,
  segments: readonly Segment[],
): Promise<Dynamic | undefined> {
  const segment = segments.find(({ type }) => type === DYNAMIC)
  if (segment === undefined) return undefined
  const entries = await readEntries(file, segment, words)
  const value = (wanted: number) => entries.find(({ tag }) => tag === wanted)?.value
  const place = (wanted: number) => {
    const address = value(wanted)
    return address === undefined ? undefined : offsetOf(address, segments)
  }
  const strings = stringsOf(file, place(STRING_TABLE), value(STRING_TABLE_SIZE) ?? 0)
  const text = async (offset: number | undefined) => (offset === undefined ? undefined : strings(offset))
  const libraries = entries.filter(({ tag }) => tag === NEEDED)
  if (libraries.length > MOST_LIBRARIES) throw new Damaged(`it claims to need ${libraries.length} libraries`)
  const needed: string[] = []
  for (const library of libraries) needed.push(await strings(library.value))
  const needs = place(VERSION_NEEDS)
  return {
    needed,
    soname: await text(value(SONAME)),
    runpath: await text(value(RUNPATH) ?? value(RPATH)),
    isPie: (((value(FLAGS_1) ?? 0) % 2 ** 32) & PIE) !== 0,
    strings,
    needs: needs === undefined ? undefined : { offset: needs, count: value(VERSION_NEEDS_COUNT) ?? 0 },
    symbols: place(SYMBOLS),
    versions: place(VERSIONS),
  }
}

type Entry = { tag: number; value: number }

async function readEntries(file: PartialFile, segment: Segment, words: Words): Promise<Entry[]> {
  const size = 2 * words.size
  const count = Math.floor(segment.fileSize / size)
  if (count > MOST_ENTRIES) throw new Damaged(`its dynamic section claims to have ${count} entries`)
  const bytes = await file.read(segment.offset, count * size, 'dynamic section')
  const entries: Entry[] = []
  for (let at = 0; at < bytes.length; at += size) {
    const tag = words.word(bytes, at)
    if (tag === 0) break
    entries.push({ tag, value: words.word(bytes, at + words.size) })
  }
  return entries
}

function stringsOf(file: PartialFile, start: number | undefined, size: number): Strings {
  const known = new Map<number, string>()
  return async (offset) => {
    const found = known.get(offset)
    if (found !== undefined) return found
    if (start === undefined || offset >= size) throw new Damaged('its dynamic section names a text that is not there')
    const text = await textAt(file, start + offset, start + size, 'dynamic strings')
    known.set(offset, text)
    return text
  }
}

/** Where in the file something stands that will be at this address when the program runs. */
function offsetOf(address: number, segments: readonly Segment[]): number {
  const holder = segments.find(
    ({ type, address: start, fileSize }) => type === LOAD && address >= start && address < start + fileSize,
  )
  if (holder === undefined) throw new Damaged('its dynamic section points to an address that is not in the file')
  return holder.offset + (address - holder.address)
}
