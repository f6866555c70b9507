import { truncateSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Reading, readElf } from '../../../src/build/elf/read.ts'
import { madeElf, madeFile } from './made-elf.ts'
import { judge, survivesMutation } from './mutation.ts'

const FULL = {
  type: 3,
  isPie: true,
  interpreter: '/lib64/ld-linux-x86-64.so.2',
  needed: ['libc.so.6', 'libm.so.6'],
  versions: { 'libc.so.6': ['GLIBC_2.2.5', 'GLIBC_2.34'], 'libm.so.6': ['GLIBC_2.29'] },
  buildId: 'c0ffee',
  sections: { '.text': 'x'.repeat(64), '.symtab': 'y' },
} as const

/** Where 64-bit, little-endian headers keep their fields. */
const AT = {
  segments: 32,
  sections: 40,
  segmentSize: 54,
  segmentCount: 56,
  sectionSize: 58,
  sectionCount: 60,
  names: 62,
}

/** Reads a program that was changed in place, or in whose place there is something else. */
async function readChanged(change: (bytes: Buffer) => unknown): Promise<Reading> {
  const bytes = madeElf(FULL)
  const changed = change(bytes)
  using file = madeFile(changed instanceof Buffer ? changed : bytes)
  return await readElf(file.path)
}

function segmentAt(bytes: Buffer, type: number): number {
  const start = Number(bytes.readBigUInt64LE(AT.segments))
  for (let at = start; ; at += 56) if (bytes.readUInt32LE(at) === type) return at
}

const set16 = (at: number, value: number) => (bytes: Buffer) => bytes.writeUInt16LE(value, at)
const set64 = (at: number, value: bigint) => (bytes: Buffer) => bytes.writeBigUInt64LE(value, at)
const inSegment = (type: number, field: number, value: bigint) => (bytes: Buffer) =>
  bytes.writeBigUInt64LE(value, segmentAt(bytes, type) + field)
/** Changes the value of one entry of the dynamic section. */
const inDynamic = (tag: number, value: bigint) => (bytes: Buffer) => {
  const segment = segmentAt(bytes, 2)
  let at = Number(bytes.readBigUInt64LE(segment + 8))
  while (Number(bytes.readBigUInt64LE(at)) !== tag) at += 16
  bytes.writeBigUInt64LE(value, at + 8)
}
const HUGE = 0xffff_ffff_ffff_fff0n

test.each<[string, (bytes: Buffer) => unknown, RegExp]>([
  ['a class that is none', (bytes) => bytes.writeUInt8(3, 4), /neither which word size nor which byte order/],
  ['nothing but the beginning', (bytes) => bytes.subarray(0, 40), /header lies beyond the end of the file/],
  ['segments beyond the end', set64(AT.segments, HUGE), /table of segments lies beyond the end/],
  ['segments of another size', set16(AT.segmentSize, 0), /are 0 bytes long instead of 56/],
  ['more segments than anybody has', set16(AT.segmentCount, 0xfffe), /claims to have 65534 entries/],
  ['sections beyond the end', set64(AT.sections, HUGE), /table of sections lies beyond the end/],
  ['sections of no size', set16(AT.sectionSize, 0), /are 0 bytes long instead of 64/],
  ['more sections than anybody has', set16(AT.sectionCount, 0xfeff), /claims to have 65279 entries/],
  [
    'a count of sections that is in the first one, and absurd',
    (bytes) => {
      bytes.writeUInt16LE(0, AT.sectionCount)
      bytes.writeBigUInt64LE(HUGE, Number(bytes.readBigUInt64LE(AT.sections)) + 32)
    },
    /table of sections claims to have/,
  ],
  ['a last byte that is missing', (bytes) => bytes.subarray(0, -1), /it is cut off/],
  ['a loaded part beyond the end', inSegment(1, 32, 1n << 40n), /a loaded part of it ends at byte/],
  ['an interpreter beyond the end', inSegment(3, 8, HUGE), /interpreter lies beyond the end/],
  ['an interpreter without an end', inSegment(3, 32, 5n), /interpreter has no end/],
  ['an interpreter of no length', inSegment(3, 32, 0n), /interpreter has no end/],
  ['a dynamic section beyond the end', inSegment(2, 8, HUGE), /dynamic section lies beyond the end/],
  ['a dynamic section without an end', inSegment(2, 32, HUGE), /dynamic section claims to have/],
  ['a name of a library beyond its table', inDynamic(1, 1_000_000n), /names a text that is not there/],
  ['names at an address that is not loaded', inDynamic(5, 1n), /points to an address that is not in the file/],
  ['versions at an address that is not loaded', inDynamic(0x6ffffffe, HUGE), /points to an address that is not/],
])('damaged: %s', async (_, change, why) => {
  expect(await readChanged(change)).toEqual({
    kind: 'damaged',
    why: expect.stringMatching(why),
  })
})

test('versions that go round in circles, or on for ever, come to an end', async () => {
  const bytes = madeElf({ ...FULL, versions: { 'libc.so.6': ['GLIBC_2.2.5', 'GLIBC_2.34'] }, hasSections: false })
  const table = bytes.indexOf(Buffer.from([1, 0, 2, 0]), 200)
  const end = (change: (bytes: Buffer) => void) => {
    const changed = Buffer.from(bytes)
    change(changed)
    return changed
  }
  for (const changed of [
    // Each entry is followed by itself, as far as the field can say so.
    end((b) => b.writeUInt32LE(0xffff_ffff, table + 16 + 12)),
    end((b) => b.writeUInt32LE(0xffff_fff0, table + 12)),
    // More versions than there are bytes, one byte after the other.
    end((b) => {
      b.writeUInt16LE(0xffff, table + 2)
      b.writeUInt32LE(1, table + 16 + 12)
    }),
  ]) {
    using file = madeFile(changed)
    expect(['elf', 'damaged']).toContain((await readElf(file.path)).kind)
  }
})

test('a name cannot speak to the runner, or to the terminal', async () => {
  using file = madeFile(madeElf({ needed: ['x\n::error::y\x1b[2J'] }))
  expect(await readElf(file.path)).toMatchObject({ facts: { needed: ['x\ufffd::error::y\ufffd[2J'] } })
})

test('a file with a hole of a terabyte costs nothing', async () => {
  const bytes = madeElf({ ...FULL, sections: {} })
  using file = madeFile(bytes)
  truncateSync(file.path, 2 ** 40)
  expect(await readElf(file.path)).toMatchObject({ kind: 'elf', facts: { size: 2 ** 40 } })
})

test('mutated and truncated programs of every shape give a sentence, in little memory', async () => {
  const seeds = (['little', 'big'] as const).flatMap((endian) =>
    ([32, 64] as const).map((bits) => madeElf({ ...FULL, bits, endian })),
  )
  await survivesMutation(seeds, 1500)
}, 120_000)

test('random bytes behind the four that every ELF file begins with', async () => {
  using file = madeFile('')
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 512 }), async (noise) => {
      writeFileSync(file.path, Buffer.concat([Buffer.from('\x7fELF'), noise]))
      judge(await readElf(file.path))
    }),
    { numRuns: 500 },
  )
})
