/** How a file writes its numbers. */
export class Words {
  readonly bits: 32 | 64
  readonly endian: 'little' | 'big'

  constructor(bits: 32 | 64, endian: 'little' | 'big') {
    this.bits = bits
    this.endian = endian
  }

  /** How many bytes an address takes. */
  get size(): number {
    return this.bits / 8
  }

  u16(bytes: Buffer, at: number): number {
    return this.endian === 'little' ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at)
  }

  u32(bytes: Buffer, at: number): number {
    return this.endian === 'little' ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)
  }

  /** An address, an offset or a size. Above 2^53 it is not exact, and far beyond the end of every file. */
  word(bytes: Buffer, at: number): number {
    if (this.bits === 32) return this.u32(bytes, at)
    return Number(this.endian === 'little' ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at))
  }
}
