import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Lacking } from '../../../src/report/ending.ts'
import { cannotLink } from '../../../src/toolchain/linking/cannot.ts'
import { chooseLinking, type LinkingQuestion } from '../../../src/toolchain/linking/choose.ts'

const ring = { name: 'ring', version: '0.17.14', language: 'C', because: 'its build script uses cc' } as const
const rocks = {
  name: 'librocksdb-sys',
  version: '0.17.1',
  language: 'C++',
  because: 'its build script uses cc',
} as const

const question = (
  triple: string,
  programs: readonly string[],
  more: Partial<LinkingQuestion> = {},
): LinkingQuestion => ({
  target: { name: triple, triple },
  host: 'x86_64-unknown-linux-gnu',
  needs: [],
  given: { linker: false, c: false, cpp: false },
  isOnPath: (program) => programs.includes(program),
  mayInstall: false,
  ...more,
})

const chosen = (...args: Parameters<typeof question>) => chooseLinking(question(...args))

const X86 = 'x86_64-unknown-linux-musl'
const ARM = 'aarch64-unknown-linux-musl'
const CRT_STATIC = ['-Ctarget-feature=+crt-static', '-Clink-self-contained=yes']

test('pure Rust needs no C compiler, and for another machine type the linker that Rust brings', () => {
  expect(chosen(X86, ['cc'])).toMatchObject({ how: 'cc', environment: {}, zig: false })
  expect(chosen(X86, [])).toMatchObject({ environment: { CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_LINKER: 'rust-lld' } })
  expect(chosen(ARM, ['cc'])).toEqual({
    how: 'rust-lld',
    environment: { CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER: 'rust-lld' },
    rustflags: [],
    zig: false,
    packages: [],
    emptyLibraries: false,
  })
  expect(chosen('armv7-unknown-linux-musleabihf', ['cc'])).toMatchObject({ how: 'rust-lld', rustflags: [] })
  expect(chosen('riscv64gc-unknown-linux-musl', ['cc'])).toMatchObject({ how: 'rust-lld', rustflags: CRT_STATIC })
})

test('C for musl on its own machine type: musl-gcc compiles and never links', () => {
  const needs = [ring]
  const wanted = { CC_x86_64_unknown_linux_musl: 'musl-gcc' }
  expect(chosen(X86, ['cc', 'musl-gcc'], { needs })).toEqual({
    how: 'cc, and musl-gcc for ring 0.17.14',
    environment: wanted,
    rustflags: [],
    zig: false,
    packages: [],
    emptyLibraries: true,
  })
  expect(chosen(X86, ['cc'], { needs, mayInstall: true })).toMatchObject({
    environment: wanted,
    packages: ['musl-tools'],
  })
  // zig compiles, and Rust's own linker takes Rust's own musl: zig would compile another one first.
  expect(chosen(X86, ['cc'], { needs })).toMatchObject({
    how: 'rust-lld, and zig for ring 0.17.14',
    environment: { CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_LINKER: 'rust-lld' },
    zig: true,
    emptyLibraries: true,
  })
})

test('C for another machine type: a cross compiler that is there, else zig', () => {
  const needs = [ring]
  expect(chosen(ARM, ['cc', 'musl-gcc', 'aarch64-linux-musl-gcc'], { needs })).toMatchObject({
    environment: {
      CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER: 'rust-lld',
      CC_aarch64_unknown_linux_musl: 'aarch64-linux-musl-gcc',
    },
    zig: false,
  })
  // Debian's cross compiler is one for glibc, and its headers would promise functions that musl does not have.
  expect(chosen(ARM, ['cc', 'musl-gcc', 'aarch64-linux-gnu-gcc'], { needs, mayInstall: true })).toMatchObject({
    zig: true,
  })
  expect(chosen('riscv64gc-unknown-linux-musl', ['cc'], { needs })).toMatchObject({ zig: true, rustflags: CRT_STATIC })
})

test('C++ needs a compiler that brings its library; musl-gcc has none', () => {
  const needs = [rocks]
  expect(chosen(X86, ['cc', 'musl-gcc'], { needs, mayInstall: true })).toMatchObject({ zig: true })
  expect(chosen(X86, ['cc', 'x86_64-linux-musl-gcc'], { needs })).toMatchObject({ zig: true })
  expect(chosen(X86, ['cc', 'x86_64-linux-musl-gcc', 'x86_64-linux-musl-g++'], { needs }).environment).toEqual({
    CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_LINKER: 'x86_64-linux-musl-gcc',
    CC_x86_64_unknown_linux_musl: 'x86_64-linux-musl-gcc',
    CXX_x86_64_unknown_linux_musl: 'x86_64-linux-musl-g++',
  })
})

test('glibc: the own machine as it is, another by its cross compiler, a floor by zig', () => {
  expect(chosen('x86_64-unknown-linux-gnu', [], { needs: [ring] })).toMatchObject({ environment: {}, zig: false })
  expect(chosen('aarch64-unknown-linux-gnu', ['cc', 'aarch64-linux-gnu-gcc'])).toMatchObject({
    environment: {
      CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER: 'aarch64-linux-gnu-gcc',
      CC_aarch64_unknown_linux_gnu: 'aarch64-linux-gnu-gcc',
    },
  })
  expect(chosen('aarch64-unknown-linux-gnu', ['cc'])).toMatchObject({ zig: true, environment: {} })
  const cpp = ['aarch64-linux-gnu-gcc', 'aarch64-linux-gnu-g++']
  expect(chosen('aarch64-unknown-linux-gnu', cpp, { needs: [rocks] }).environment).toMatchObject({
    CXX_aarch64_unknown_linux_gnu: 'aarch64-linux-gnu-g++',
  })
  expect(chosen('aarch64-unknown-linux-gnu', cpp.slice(0, 1), { needs: [rocks] })).toMatchObject({ zig: true })
  // What makes programs for musl may be called cc too.
  const onAlpine = { host: 'x86_64-unknown-linux-musl' }
  expect(chosen('x86_64-unknown-linux-gnu', ['cc'], onAlpine)).toMatchObject({ zig: true })
  const floor = { target: { name: 'x86_64-unknown-linux-gnu.2.28', triple: 'x86_64-unknown-linux-gnu', glibc: '2.28' } }
  expect(chosen('', ['cc'], floor)).toMatchObject({ zig: true, how: 'zig, for a glibc of 2.28 or newer' })
})

test('what the user has set is left as it is', () => {
  const needs = [ring]
  const given = (linker: boolean, c: boolean, cpp: boolean) => ({ given: { linker, c, cpp } })
  const LINKER = 'CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER'
  expect(chosen(ARM, ['cc'], { needs, ...given(true, true, false) })).toMatchObject({ environment: {}, zig: false })
  expect(chosen(ARM, ['cc'], { needs, ...given(false, true, false) })).toMatchObject({
    environment: { [LINKER]: 'rust-lld' },
    zig: false,
  })
  expect(chosen(ARM, ['cc'], { needs, ...given(true, false, false) })).toMatchObject({ environment: {}, zig: true })
  // A compiler for C is none for C++.
  expect(chosen(ARM, ['cc'], { needs: [rocks], ...given(false, true, false) })).toMatchObject({ zig: true })
  const cross = ['aarch64-linux-musl-gcc', 'aarch64-linux-musl-g++']
  expect(chosen(ARM, cross, { needs: [rocks], ...given(true, true, false) }).environment).toEqual({
    CXX_aarch64_unknown_linux_musl: 'aarch64-linux-musl-g++',
  })
  // A linker alone says nothing of the compiler, and a bare CC would be taken for it.
  const gnu = 'aarch64-unknown-linux-gnu'
  expect(chosen(gnu, ['aarch64-linux-gnu-gcc'], { needs, ...given(true, false, false) }).environment).toEqual({
    CC_aarch64_unknown_linux_gnu: 'aarch64-linux-gnu-gcc',
  })
})

test('no case ever links with musl-gcc, or names another compiler in the place of a given one', () => {
  const TRIPLES = ['x86_64', 'aarch64', 'armv7', 'riscv64gc', 's390x'].flatMap((arch) =>
    ['musl', 'gnu'].map((libc) => `${arch}-unknown-linux-${libc}`),
  )
  const PROGRAMS = ['cc', 'musl-gcc', 'x86_64-linux-musl-gcc', 'aarch64-linux-gnu-gcc', 'aarch64-linux-gnu-g++']
  const questions = fc.record({
    triple: fc.constantFrom(...TRIPLES),
    host: fc.constantFrom('x86_64-unknown-linux-gnu', 'aarch64-unknown-linux-gnu', 'aarch64-apple-darwin'),
    programs: fc.subarray(PROGRAMS),
    needs: fc.subarray([ring, rocks]),
    given: fc.record({ linker: fc.boolean(), c: fc.boolean(), cpp: fc.boolean() }),
    mayInstall: fc.boolean(),
  })
  fc.assert(
    fc.property(questions, ({ triple, programs, ...more }) => {
      const { environment } = chosen(triple, programs, more)
      for (const [name, program] of Object.entries(environment)) {
        if (name.endsWith('_LINKER')) expect([program === 'musl-gcc', more.given.linker]).toEqual([false, false])
        if (name.startsWith('CC_')) expect(more.given.c).toBe(false)
        if (name.startsWith('CXX_')) expect(more.given.cpp).toBe(false)
      }
    }),
  )
})

test('a Mac compiles for Linux too', () => {
  const host = 'aarch64-apple-darwin'
  expect(chosen(ARM, ['cc'], { host })).toMatchObject({ how: 'rust-lld' })
  expect(chosen(ARM, ['cc'], { host, needs: [ring] })).toMatchObject({ zig: true })
  expect(chosen('aarch64-apple-darwin', ['cc'], { host })).toMatchObject({ environment: {}, zig: false })
})

test('what cannot be done names the crate and the ways out', () => {
  const cannot = (...args: Parameters<typeof question>) => cannotLink(question(...args), new Error('no network.'))
  expect(cannot(ARM, [], { needs: [ring] })).toBe(
    'ring 0.17.14 compiles C, and there is no C compiler for aarch64-unknown-linux-musl. Put aarch64-linux-musl-gcc on the PATH, or run on a machine of that type (`runs-on: ubuntu-24.04-arm`), or set CC_aarch64_unknown_linux_musl and CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER. (zig could not be used: no network.)',
  )
  expect(cannot(X86, [], { needs: [ring] })).toContain(
    'musl. Install musl-tools (`apt-get install musl-tools`), or put x86_64-linux-musl-gcc on the PATH, or ',
  )
  expect(cannot(X86, [], { needs: [ring, rocks] })).toMatch(
    /^ring 0.17.14 compiles C, librocksdb-sys 0.17.1 compiles C\+\+, and there is no C\+\+ compiler for \S+\. Put x86_64-linux-musl-gcc on the PATH, or set CC_x86_64_unknown_linux_musl, CXX_x86_64_unknown_linux_musl and CARGO_/,
  )
  expect(cannot('armv7-unknown-linux-gnueabihf', [], { needs: [rocks] })).toMatch(
    /Install g\+\+-arm-linux-gnueabihf \(`apt-get install g\+\+-arm-linux-gnueabihf`\), or set CC_/,
  )
  const floor = { target: { name: 'x86_64-unknown-linux-gnu.2.28', triple: 'x86_64-unknown-linux-gnu', glibc: '2.28' } }
  expect(cannot('', [], floor)).toBe(
    'Only zig links for a glibc as old as that of x86_64-unknown-linux-gnu.2.28, and it could not be used: no network. Build for musl, or build in a container whose glibc is that old (`target: x86_64-unknown-linux-gnu`).',
  )
})

test('the way out that is told with the cause stands once, and after what is simpler', () => {
  const cause = new Lacking('zig 0.16.0 cannot be downloaded: no network', 'put zig on the PATH, or name a server')
  expect(cannotLink(question(X86, [], { needs: [ring] }), cause)).toBe(
    'ring 0.17.14 compiles C, and there is no C compiler for x86_64-unknown-linux-musl. Install musl-tools (`apt-get install musl-tools`), or put x86_64-linux-musl-gcc on the PATH, or set CC_x86_64_unknown_linux_musl and CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_LINKER, or put zig on the PATH, or name a server. (zig could not be used: zig 0.16.0 cannot be downloaded: no network.)',
  )
})
