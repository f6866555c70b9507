import type { Dynamic } from './dynamic.ts'
import { Damaged, type PartialFile } from './file.ts'
import { compareVersions } from './version.ts'
import type { Words } from './words.ts'

/** The newest glibc that a program asks for: it does not start with an older one. */
export type GlibcNeed = { version: string; library: string; symbol: string | undefined }

/** Real programs need a handful of libraries, and some dozens of versions of them. */
const MOST_VERSIONS = 4096
/** Each entry has 16 bytes; gaps between them are possible. */
const LONGEST_TABLE = 256 * 1024
const WEAK = 2

export async function readGlibcNeed(file: PartialFile, words: Words, dynamic: Dynamic): Promise<GlibcNeed | undefined> {
  let newest: (Need & { version: string }) | undefined
  for (const need of await readNeeds(file, words, dynamic)) {
    const version = glibcVersion(need.name)
    if (version === undefined) continue
    if (newest === undefined || compareVersions(version, newest.version) > 0) newest = { ...need, version }
  }
  if (newest === undefined) return undefined
  const { version, library, index } = newest
  return { version, library, symbol: await symbolWith(file, words, dynamic, index) }
}

/** `GLIBC_PRIVATE` is no version; the mark of packed relocations came with 2.36. */
function glibcVersion(name: string): string | undefined {
  if (name === 'GLIBC_ABI_DT_RELR') return '2.36'
  return /^GLIBC_(\d{1,4}(\.\d{1,4}){1,2})$/.exec(name)?.[1]
}

type Need = { library: string; name: string; index: number }

/** Every version of every library that must be there. Both lists are chains that only go forward. */
async function readNeeds(file: PartialFile, words: Words, { needs, strings }: Dynamic): Promise<Need[]> {
  if (needs === undefined) return []
  const what = 'table of needed versions'
  const table = await file.readUpTo(needs.offset, LONGEST_TABLE, what)
  const mustFit = (at: number) => {
    if (at + 16 > table.length) throw new Damaged(`its ${what} is cut off`)
    return at
  }
  const found: Need[] = []
  let library = 0
  for (let libraries = 0; libraries < needs.count; libraries++) {
    mustFit(library)
    const name = await strings(words.u32(table, library + 4))
    const versions = words.u16(table, library + 2)
    let at = library + words.u32(table, library + 8)
    for (let version = 0; version < versions; version++) {
      mustFit(at)
      if (found.length >= MOST_VERSIONS) throw new Damaged(`its ${what} has more than ${MOST_VERSIONS} entries`)
      const isWeak = (words.u16(table, at + 4) & WEAK) !== 0
      // A weak one may be missing: the program looks for it and goes on without.
      if (!isWeak) {
        found.push({
          library: name,
          name: await strings(words.u32(table, at + 8)),
          index: words.u16(table, at + 6) & 0x7fff,
        })
      }
      const next = words.u32(table, at + 12)
      if (next === 0) break
      at += next
    }
    const next = words.u32(table, library + 12)
    if (next === 0) break
    library += next
  }
  return found
}

/** How many symbols are looked at; a program imports some hundreds. */
const SYMBOLS_SEEN = 16 * 1024

/** A symbol that brings in a version, so that somebody can find out who calls it. Nothing depends on finding one. */
async function symbolWith(
  file: PartialFile,
  words: Words,
  { symbols, versions, strings }: Dynamic,
  index: number,
): Promise<string | undefined> {
  if (symbols === undefined || versions === undefined) return undefined
  try {
    const table = await file.readUpTo(versions, 2 * SYMBOLS_SEEN, 'versions of symbols')
    const size = words.bits === 32 ? 16 : 24
    for (let symbol = 1; 2 * symbol + 2 <= table.length; symbol++) {
      if ((words.u16(table, 2 * symbol) & 0x7fff) !== index) continue
      const entry = await file.read(symbols + symbol * size, 4, 'symbols')
      return await strings(words.u32(entry, 0))
    }
  } catch (error) {
    if (!(error instanceof Damaged)) throw error
  }
  return undefined
}
