import type { FileHandle } from 'node:fs/promises'

/** What is wrong with a file, as the end of a sentence: "it is cut off …". */
export class Damaged extends Error {}

/** No structure of a program that we look at is longer; what claims to be is damaged or hostile. */
const LONGEST_READ = 1024 * 1024

/** A file of which only small parts are read, each one checked against its end before anything is allocated. */
export class PartialFile {
  readonly size: number
  readonly #handle: FileHandle

  constructor(handle: FileHandle, size: number) {
    this.#handle = handle
    this.size = size
  }

  /** The bytes of one part, all of them. `what` names it when it is not there. */
  async read(offset: number, length: number, what: string): Promise<Buffer> {
    if (length > LONGEST_READ) throw new Damaged(`its ${what} claims to be ${length} bytes long`)
    // The other way round, so that an offset that is no number is refused too.
    if (!(offset >= 0 && offset + length <= this.size)) {
      throw new Damaged(`its ${what} lies beyond the end of the file, which is ${this.size} bytes long: it is cut off`)
    }
    const bytes = Buffer.alloc(length)
    for (let got = 0; got < length; ) {
      const { bytesRead } = await this.#handle.read(bytes, got, length - got, offset + got)
      if (bytesRead === 0) throw new Damaged(`it became shorter while its ${what} was read`)
      got += bytesRead
    }
    return bytes
  }

  /** Like `read`, but as much as there is. */
  async readUpTo(offset: number, length: number, what: string): Promise<Buffer> {
    return this.read(offset, Math.max(0, Math.min(length, this.size - offset)), what)
  }
}

/** Names of libraries, symbols and sections are short, even mangled ones. */
const LONGEST_NAME = 1024

/** A text that ends with a zero byte, which must come before `end`. */
export async function textAt(file: PartialFile, offset: number, end: number, what: string): Promise<string> {
  const bytes = await file.read(offset, Math.max(0, Math.min(LONGEST_NAME, end - offset)), what)
  return textIn(bytes, 0, what)
}

export function textIn(bytes: Buffer, at: number, what: string): string {
  const stop = at < bytes.length ? bytes.indexOf(0, at) : -1
  if (stop < 0 || stop - at > LONGEST_NAME) throw new Damaged(`the text of its ${what} has no end`)
  // A name goes into messages and logs, where a line end or an escape would be obeyed.
  return bytes.toString('utf8', at, stop).replace(/[\x00-\x1f\x7f-\x9f]/g, '\ufffd')
}
