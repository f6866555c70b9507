/** Bytes end before what they announced. */
export class CutShort extends Error {}

/** Reads what SSH writes: numbers of four bytes, and strings behind their length. */
export class WireReader {
  readonly #bytes: Buffer
  #at: number

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes
    this.#at = at
  }

  number(): number {
    return this.#take(4).readUInt32BE()
  }

  string(): Buffer {
    return this.#take(this.number())
  }

  #take(length: number): Buffer {
    const end = this.#at + length
    if (end > this.#bytes.length) throw new CutShort()
    const taken = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return taken
  }
}

export function wireNumber(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

export function wireString(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([wireNumber(bytes.length), bytes])
}

/** A positive number of any length: with its highest bit set it would be negative. */
export function wireInteger(magnitude: Buffer): Buffer {
  const negative = ((magnitude[0] ?? 0) & 0x80) !== 0
  return wireString(negative ? Buffer.concat([Buffer.of(0), magnitude]) : magnitude)
}
