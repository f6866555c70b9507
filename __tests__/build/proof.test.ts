import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import type { Promised } from '../../src/build/promise.ts'
import { describeProof, type ProofOptions, proveBinary } from '../../src/build/proof.ts'
import type { Finding } from '../../src/report/finding.ts'
import { madeElf, madeFile, type Wanted } from './elf/made-elf.ts'

const X86_MUSL = { name: 'x86_64-unknown-linux-musl', triple: 'x86_64-unknown-linux-musl' }
const X86_GNU = { name: 'x86_64-unknown-linux-gnu', triple: 'x86_64-unknown-linux-gnu' }
const FLOOR = { name: 'x86_64-unknown-linux-gnu.2.28', triple: 'x86_64-unknown-linux-gnu', glibc: '2.28' }
const of = (triple: string): Promised => ({ name: triple, triple })

const GLIBC = { type: 3, isPie: true, interpreter: '/lib64/ld-linux-x86-64.so.2', needed: ['libc.so.6'] } as const
const WITH_234 = { ...GLIBC, versions: { 'libc.so.6': ['GLIBC_2.17', 'GLIBC_2.34'] } } as const

async function prove(bytes: Wanted | string | Uint8Array, target?: Promised, more: Partial<ProofOptions> = {}) {
  const findings: Finding[] = []
  using file = madeFile(typeof bytes === 'string' || bytes instanceof Uint8Array ? bytes : madeElf(bytes))
  const proof = await proveBinary({
    binary: 'hello',
    path: file.path,
    ...(target && { target }),
    directories: {},
    log: { info() {}, output() {}, finding: (finding) => findings.push(finding) },
    signal: new AbortController().signal,
    ...more,
  })
  return { proof, findings, line: describeProof(proof) }
}

test.each([
  [{ machine: 183 }, X86_MUSL, 'is for aarch64, but x86_64-unknown-linux-musl was promised, which is x86_64'],
  [{}, of('aarch64-unknown-linux-gnu'), 'is for x86_64, but aarch64-unknown-linux-gnu was promised'],
  [{ bits: 32 }, X86_MUSL, 'is for 32 bits, but'],
  [{ machine: 40, bits: 32, flags: 0x200 }, of('armv7-unknown-linux-musleabihf'), 'is for soft float, but'],
  [{ machine: 40, bits: 32, flags: 0x400 }, of('arm-unknown-linux-musleabi'), 'is for hard float, but'],
  [{ machine: 243, flags: 1 }, of('riscv64gc-unknown-linux-gnu'), 'is for soft float, but'],
  [{ machine: 21, endian: 'big' }, of('powerpc64le-unknown-linux-gnu'), 'is for big-endian, but'],
  [{ system: 9 }, X86_MUSL, 'is for FreeBSD, not for Linux'],
  [{ type: 3, soname: 'libx.so' }, X86_MUSL, 'it is a shared library'],
  [{ type: 1 }, X86_MUSL, 'it is an object file'],
  [{ type: 99 }, X86_MUSL, 'it is an ELF file of type 99'],
] as const)('%j for %j is refused', async (wanted, target, why) => {
  await expect(prove(wanted, target)).rejects.toThrow(why)
})

test('dynamic where static was promised is refused, with what makes it static', async () => {
  const dynamic = {
    type: 3,
    isPie: true,
    interpreter: '/lib/ld-musl-riscv64.so.1',
    needed: ['libc.so'],
    machine: 243,
    flags: 5,
  }
  await expect(prove(dynamic, of('riscv64gc-unknown-linux-musl'))).rejects.toThrow(
    /is not static: it needs libc\.so, but riscv64gc-unknown-linux-musl was promised\. .*\+crt-static/,
  )
  await expect(prove(WITH_234, X86_MUSL)).rejects.toThrow(
    /needs libc\.so\.6, .* linked by a linker for glibc: .*CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_LINKER/,
  )
  await expect(prove({ ...dynamic, machine: 62, needed: [] }, X86_MUSL)).rejects.toThrow(
    'it is started by /lib/ld-musl-riscv64.so.1',
  )
  // A static program that can be loaded anywhere has a dynamic section too.
  expect((await prove({ type: 3, isPie: true }, X86_MUSL)).proof).toMatchObject({ isStatic: true, minGlibc: undefined })
})

test('a glibc newer than the floor is refused, with what brings it in; one that is as old is not', async () => {
  await expect(prove(WITH_234, FLOOR)).rejects.toThrow(
    /needs glibc 2\.34 \(because of symbol2 of libc\.so\.6\), but x86_64-unknown-linux-gnu\.2\.28 promises that 2\.28 is enough\..* name x86_64-unknown-linux-gnu\.2\.34/,
  )
  for (const version of ['GLIBC_2.28', 'GLIBC_2.9', 'GLIBC_2.2.5']) {
    const { proof } = await prove({ ...GLIBC, versions: { 'libc.so.6': [version] } }, FLOOR)
    expect(proof).toMatchObject({ kind: 'elf', minGlibc: version.slice(6) })
  }
})

test('without a floor the glibc that is needed is written down', async () => {
  expect((await prove(WITH_234, X86_GNU)).proof).toMatchObject({ minGlibc: '2.34', isStatic: false })
  expect((await prove({}, X86_GNU)).proof).toMatchObject({ minGlibc: undefined, isStatic: true })
  await expect(prove({ ...GLIBC, interpreter: '/lib/ld-musl-x86_64.so.1' }, X86_GNU)).rejects.toThrow(
    'is linked with musl, but x86_64-unknown-linux-gnu was promised',
  )
})

test.each([
  ['#!/bin/sh\n', 'it is a script for /bin/sh'],
  ['', 'it is empty'],
  [Buffer.from('MZ'), 'it is a program for Windows (PE)'],
  [madeElf({ needed: ['libc.so.6'] }).subarray(0, -1), 'is damaged: '],
])('%j is no program', async (bytes, why) => {
  await expect(prove(bytes, X86_MUSL)).rejects.toThrow(why)
  await expect(prove(bytes)).rejects.toThrow(why)
})

test('what is no file is refused without being opened', async () => {
  using file = madeFile('')
  await expect(prove('', X86_MUSL, { path: `${file.path}.none` })).rejects.toThrow(
    /cannot be read \(ENOENT.*build it again/,
  )
  await expect(prove('', X86_MUSL, { path: '/' })).rejects.toThrow('is no file')
  const pipe = `${file.path}.pipe`
  execFileSync('mkfifo', [pipe])
  await expect(prove('', X86_MUSL, { path: pipe })).rejects.toThrow('is no file')
})

test('programs for other systems are not judged, and that is said', async () => {
  const { proof, line } = await prove(Buffer.from('cffaedfe', 'hex'), of('aarch64-apple-darwin'))
  expect(proof).toEqual({ kind: 'unproved', target: 'aarch64-apple-darwin', why: expect.any(String) })
  expect(line).toBe('not proved: aarch64-apple-darwin is not Linux, and only ELF is read')
  expect((await prove(Buffer.from('MZ'), of('x86_64-pc-windows-msvc'))).proof.kind).toBe('unproved')
})

test.each([
  [{}, 'x86_64-unknown-linux-musl'],
  [WITH_234, 'x86_64-unknown-linux-gnu'],
  [{ machine: 183 }, 'aarch64-unknown-linux-musl'],
  [{ machine: 40, bits: 32, flags: 0x400 }, 'armv7-unknown-linux-musleabihf'],
  [{ machine: 40, bits: 32, flags: 0x200, ...GLIBC }, 'arm-unknown-linux-gnueabi'],
  [{ machine: 243, flags: 5 }, 'riscv64gc-unknown-linux-musl'],
  [{ machine: 3, bits: 32 }, 'i686-unknown-linux-musl'],
  [{ machine: 21 }, 'powerpc64le-unknown-linux-musl'],
  [{ machine: 22, endian: 'big', ...GLIBC }, 's390x-unknown-linux-gnu'],
] as const)('%j was most likely built for %s', async (wanted, target) => {
  expect((await prove(wanted)).proof.target).toBe(target)
  // And it would be taken for that.
  expect((await prove(wanted, of(target))).proof.kind).toBe('elf')
})

test('a program that was linked with musl, but not statically, was still built for musl', async () => {
  const dynamic = { ...GLIBC, interpreter: '/lib/ld-musl-x86_64.so.1', needed: ['libc.so'] }
  expect((await prove(dynamic)).proof).toMatchObject({ target: 'x86_64-unknown-linux-musl', isStatic: false })
})

test('one line says what it is', async () => {
  expect((await prove({}, X86_MUSL)).line).toMatch(/^x86_64, static, stripped, \d+ B$/)
  expect((await prove({ ...WITH_234, sections: { '.symtab': 'x' } }, X86_GNU)).line).toMatch(
    /^x86_64, dynamic with 1 library, glibc 2\.34 or newer, with symbols, 1\.\d kB$/,
  )
  expect((await prove({ sections: { '.symtab': 'x', '.debug_line': 'y' } })).line).toContain('with debug information')
})

test('paths of this machine are a warning, with where they are and what takes them away', async () => {
  const directories = {
    HOME: '/home/me',
    CARGO_HOME: '/home/me/.cargo/',
    checkout: '/work',
    nothing: undefined,
    root: '/',
  }
  const rodata = 'unexpected/home/me/.cargo/registry/src/x-1.0.0/src/lib.rsinternal error/home/merlin/x /work /works/x'
  const { proof, findings } = await prove({ sections: { '.rodata': rodata } }, X86_MUSL, { directories })
  expect(proof).toMatchObject({
    leaks: {
      count: 1,
      strippable: false,
      examples: [
        { directory: 'CARGO_HOME', path: '/home/me/.cargo/registry/src/x-1.0.0/src/lib.rs', section: '.rodata' },
      ],
    },
  })
  expect(findings).toMatchObject([{ level: 'warning', title: 'Paths of this machine in the binary' }])
  expect(findings[0]?.message).toContain('names 1 path of the machine that built it')

  const debug = await prove({ sections: { '.debug_str': 'x\0/work/src/main.rs\0', '.symtab': 'x' } }, X86_MUSL, {
    directories,
  })
  expect(debug.findings[0]?.message).toContain('strip = true')
  expect((await prove({}, X86_MUSL, { directories })).findings).toEqual([])
})

test('a path that lies across two pieces of the file is found once, wherever it begins', async () => {
  const piece = 1024 * 1024
  for (const begins of [piece - 20, piece - 6, piece - 1, piece, 2 * piece - 3]) {
    const content = Buffer.alloc(2 * piece + 500)
    const headers = madeElf({ sections: { '.data': content }, hasSections: false }).length - content.length
    content.write('/work/src/main.rs', begins - headers)
    const { proof } = await prove({ sections: { '.data': content }, hasSections: false }, X86_MUSL, {
      directories: { checkout: '/work' },
    })
    expect(proof).toMatchObject({ leaks: { count: 1, examples: [{ path: '/work/src/main.rs' }] } })
  }
})

test('a file that is full of paths is not counted to its end', async () => {
  const content = '/work/'.repeat(50_000)
  const { proof } = await prove({ sections: { '.data': content } }, X86_MUSL, { directories: { checkout: '/work' } })
  expect(proof).toMatchObject({ leaks: { count: 10_000 } })
})
