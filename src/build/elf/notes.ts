import type { PartialFile } from './file.ts'
import { NOTE, type Segment } from './headers.ts'
import type { Words } from './words.ts'

const BUILD_ID = 3
/** Linkers write 8, 16 or 20 bytes; somebody may name more. */
const LONGEST_ID = 64
const LONGEST_NOTES = 64 * 1024
const MOST_SEGMENTS = 16

/** The id that the linker has written, by which debug information finds its program. */
export async function readBuildId(
  file: PartialFile,
  words: Words,
  segments: readonly Segment[],
): Promise<string | undefined> {
  for (const { offset, fileSize } of segments.filter(({ type }) => type === NOTE).slice(0, MOST_SEGMENTS)) {
    const notes = await file.read(offset, Math.min(fileSize, LONGEST_NOTES), 'notes')
    const found = buildIdIn(notes, words)
    if (found !== undefined) return found
  }
  return undefined
}

/** Notes follow each other; name and content are padded to four bytes (others than GNU's to eight, and are of no interest). */
function buildIdIn(notes: Buffer, words: Words): string | undefined {
  for (let at = 0; at + 12 <= notes.length; ) {
    const [nameSize, size, type] = [words.u32(notes, at), words.u32(notes, at + 4), words.u32(notes, at + 8)]
    const content = at + 12 + padded(nameSize)
    const isGnu = nameSize === 4 && notes.toString('latin1', at + 12, at + 16) === 'GNU\0'
    if (isGnu && type === BUILD_ID && size <= LONGEST_ID && content + size <= notes.length) {
      return notes.toString('hex', content, content + size)
    }
    at = content + padded(size)
  }
  return undefined
}

function padded(size: number): number {
  return Math.ceil(size / 4) * 4
}
