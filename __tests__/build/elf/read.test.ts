import { expect, test } from 'vitest'
import { readElf } from '../../../src/build/elf/read.ts'
import { madeElf, madeFile, type Wanted } from './made-elf.ts'

const read = async (bytes: string | Uint8Array) => {
  using file = madeFile(bytes)
  return await readElf(file.path)
}

const factsOf = async (wanted: Wanted) => {
  const reading = await read(madeElf(wanted))
  if (reading.kind !== 'elf') throw new Error(JSON.stringify(reading))
  return reading.facts
}

const SHAPES = [
  { bits: 64, endian: 'little' },
  { bits: 64, endian: 'big' },
  { bits: 32, endian: 'little' },
  { bits: 32, endian: 'big' },
] as const

test.each(SHAPES)('$bits bits, $endian-endian: everything is found', async (shape) => {
  const facts = await factsOf({
    ...shape,
    type: 3,
    isPie: true,
    interpreter: '/lib/ld-linux.so.2',
    needed: ['libc.so.6', 'libm.so.6'],
    runpath: '$ORIGIN/lib',
    versions: { 'libm.so.6': ['GLIBC_2.29', 'GLIBC_2.4'], 'libc.so.6': ['GLIBC_2.2.5', 'GLIBC_2.34', 'GLIBC_2.9'] },
    buildId: 'c0ffee00c0ffee00',
    sections: {
      '.text': 'x'.repeat(300),
      '.rodata': 'y'.repeat(100),
      '.symtab': 'z',
      '.debug_info': 'd',
      '.dep-v0': 'a',
    },
  })
  expect(facts).toMatchObject({
    ...shape,
    machine: 'x86_64',
    system: 'linux',
    kind: 'pie',
    interpreter: '/lib/ld-linux.so.2',
    needed: ['libc.so.6', 'libm.so.6'],
    runpath: '$ORIGIN/lib',
    glibc: { version: '2.34', library: 'libc.so.6', symbol: 'symbol4' },
    stripped: false,
    hasDebug: true,
    buildId: 'c0ffee00c0ffee00',
    auditable: true,
  })
  expect(facts.sections[0]).toEqual({ name: '.text', size: 300 })
  expect(facts.sections).toHaveLength(10)
})

test.each(SHAPES)('$bits bits, $endian-endian: program headers alone are enough', async (shape) => {
  const facts = await factsOf({
    ...shape,
    interpreter: '/lib/ld.so',
    needed: ['libc.so.6'],
    versions: { 'libc.so.6': ['GLIBC_2.17'] },
    buildId: 'ab12',
    hasSections: false,
  })
  expect(facts).toMatchObject({
    interpreter: '/lib/ld.so',
    needed: ['libc.so.6'],
    glibc: { version: '2.17', symbol: 'symbol1' },
    buildId: 'ab12',
    stripped: true,
    sections: [],
  })
})

test.each(SHAPES)('$bits bits, $endian-endian: counts that the header has no place for are found', async (shape) => {
  const wanted = { ...shape, needed: ['libc.so.6'], sections: { '.text': 'x' } }
  expect(await factsOf({ ...wanted, hasLargeCounts: true })).toEqual(await factsOf(wanted))
})

test.each([
  [{ machine: 62 }, 'x86_64', undefined],
  [{ machine: 183 }, 'aarch64', undefined],
  [{ machine: 40, bits: 32, flags: 0x05000400 }, 'arm', 'hard'],
  [{ machine: 40, bits: 32, flags: 0x05000200 }, 'arm', 'soft'],
  [{ machine: 40, bits: 32, flags: 0x05000000 }, 'arm', undefined],
  [{ machine: 243, flags: 5 }, 'riscv64', 'double'],
  [{ machine: 243, flags: 1 }, 'riscv64', 'soft'],
  [{ machine: 243, bits: 32, flags: 3 }, 'riscv32', 'single'],
  [{ machine: 22, endian: 'big' }, 's390x', undefined],
  [{ machine: 8, bits: 32, endian: 'big' }, 'mips', undefined],
  [{ machine: 8, endian: 'big' }, 'mips64', undefined],
  [{ machine: 4711 }, 'unknown(4711)', undefined],
] as const)('the machine of %j is %s', async (wanted, machine, floatAbi) => {
  expect(await factsOf(wanted)).toMatchObject({ machine, floatAbi })
})

test.each([
  [{ type: 2 }, 'executable'],
  [{ type: 3, isPie: true }, 'pie'],
  [{ type: 3, interpreter: '/lib/ld.so' }, 'pie'],
  [{ type: 3, needed: [], entry: 1 }, 'pie'],
  [{ type: 3, needed: [], entry: 0 }, 'shared'],
  [{ type: 3, soname: 'libx.so.1', interpreter: '/lib/ld.so' }, 'shared'],
  [{ type: 1 }, 'object'],
  [{ type: 4 }, 'core'],
  [{ type: 77 }, 'type 77'],
] as const)('%j is of the kind %s', async (wanted, kind) => {
  expect((await factsOf(wanted)).kind).toBe(kind)
})

test.each([
  ['numbers are compared, not letters', ['GLIBC_2.9', 'GLIBC_2.10', 'GLIBC_2.2.5'], '2.10'],
  ['packed relocations need 2.36', ['GLIBC_2.34', 'GLIBC_ABI_DT_RELR'], '2.36'],
  ['private symbols have no version', ['GLIBC_PRIVATE'], undefined],
  ['other names have no version', ['GCC_3.0', 'GLIBCXX_3.4', 'GLIBC_', 'GLIBC_2.x', 'GLIBC_2.'], undefined],
  ['what may be missing is not needed', ['GLIBC_2.17', { name: 'GLIBC_2.38', flags: 2 }], '2.17'],
] as const)('glibc: %s', async (_, names, version) => {
  const facts = await factsOf({ needed: ['libc.so.6'], versions: { 'libc.so.6': names } })
  expect(facts.glibc?.version).toBe(version)
})

test('a section without bytes in the file has no size', async () => {
  const facts = await factsOf({ sections: { '.bss': 'x'.repeat(5000), '.text': 'x' } })
  expect(facts.sections.map(({ name }) => name)).not.toContain('.bss')
})

test.each([
  ['', 'empty'],
  ['#!/bin/sh\necho hello\n', 'a script for /bin/sh'],
  ['#! /usr/bin/env python3\n', 'a script for /usr/bin/env'],
  ['MZ\x90\0', 'a program for Windows (PE)'],
  [Buffer.from('cffaedfe07000001', 'hex'), 'a program for macOS (Mach-O)'],
  [Buffer.from('cafebabe00000002', 'hex'), 'a universal program for macOS (Mach-O), or a Java class'],
  [Buffer.from('1f8b0800', 'hex'), 'compressed with gzip'],
  [Buffer.from('0061736d01000000', 'hex'), 'a WebAssembly module'],
  ['!<arch>\nx', 'a static library (ar)'],
  ['version https://git-lfs.github.com/spec/v1\n', 'a pointer of Git LFS, whose content was not fetched'],
  ['Not Found', 'a text'],
  ['\x7fELF', 'an ELF file without the rest of its header'],
  [Buffer.from([0, 1, 2, 3]), 'no program that is known here'],
])('%j is %s', async (bytes, is) => {
  expect(await read(bytes)).toEqual({ kind: 'foreign', is })
})
