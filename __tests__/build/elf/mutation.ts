import { writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect } from 'vitest'
import { type Reading, readElf } from '../../../src/build/elf/read.ts'
import { madeFile } from './made-elf.ts'

/** A reading is one of three things, whatever was read; all else is a crash. */
export function judge(reading: Reading): void {
  switch (reading.kind) {
    case 'elf':
      expect(reading.facts.sections.length).toBeLessThanOrEqual(10)
      break
    case 'foreign':
      expect(reading.is).toMatch(/./)
      break
    case 'damaged':
      expect(reading.why).toMatch(/^[^\n\x1b]+$/)
  }
}

/** Single bytes, and the numbers at which programs that count break. */
const changes = fc.array(
  fc.oneof(
    fc.record({ at: fc.nat(), value: fc.integer({ min: 0, max: 255 }), size: fc.constant(1) }),
    fc.record({
      at: fc.nat(),
      value: fc.constantFrom(0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_fff0, 0xffff_ffff),
      size: fc.constantFrom(2, 4, 8),
    }),
  ),
  { minLength: 1, maxLength: 8 },
)

/** What reading may hold at one time. */
const MOST_BYTES = 64 * 1024 * 1024

/** Changes and cuts these files in every way, and reads what comes of it. */
export async function survivesMutation(seeds: readonly Buffer[], numRuns: number): Promise<void> {
  using file = madeFile('')
  const held = () => process.memoryUsage().arrayBuffers
  const before = held()
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...seeds), changes, fc.option(fc.nat()), async (seed, changed, end) => {
      const bytes = Buffer.from(seed)
      for (const { at, value, size } of changed) {
        // What is looked at stands mostly at the beginning, and at the end.
        const place =
          at % 3 === 0 ? bytes.length - 1 - (at % Math.min(4096, bytes.length)) : at % Math.min(1024, bytes.length)
        for (let i = 0; i < size && place + i < bytes.length; i++) bytes[place + i] = (value >>> (8 * (i % 4))) & 0xff
      }
      writeFileSync(file.path, end === null ? bytes : bytes.subarray(0, end % (bytes.length + 1)))
      judge(await readElf(file.path))
      expect(held() - before - bytes.length).toBeLessThan(MOST_BYTES)
    }),
    { numRuns },
  )
}
