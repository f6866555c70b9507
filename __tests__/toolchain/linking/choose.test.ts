import { expect, test } from 'vitest'
import { cannotLink, chooseLinking, type LinkingQuestion } from '../../../src/toolchain/linking/choose.ts'

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
  given: { linker: false, compiler: false },
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
  })
  expect(chosen(X86, ['cc'], { needs, mayInstall: true })).toMatchObject({
    environment: wanted,
    packages: ['musl-tools'],
  })
  expect(chosen(X86, ['cc'], { needs })).toMatchObject({ zig: true, how: 'zig, for ring 0.17.14' })
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
  expect(chosen('aarch64-unknown-linux-gnu', ['cc'])).toMatchObject({ zig: true })
  const floor = { target: { name: 'x86_64-unknown-linux-gnu.2.28', triple: 'x86_64-unknown-linux-gnu', glibc: '2.28' } }
  expect(chosen('', ['cc'], floor)).toMatchObject({ zig: true, how: 'zig, for a glibc of 2.28 or newer' })
})

test('what the user has set is left as it is', () => {
  const both = { needs: [ring], given: { linker: true, compiler: true } }
  expect(chosen(ARM, ['cc'], both)).toMatchObject({ environment: {}, zig: false })
  expect(chosen(ARM, ['cc'], { needs: [ring], given: { linker: false, compiler: true } })).toMatchObject({
    environment: { CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER: 'rust-lld' },
    zig: false,
  })
})

test('a Mac compiles for Linux too', () => {
  const host = 'aarch64-apple-darwin'
  expect(chosen(ARM, ['cc'], { host })).toMatchObject({ how: 'rust-lld' })
  expect(chosen(ARM, ['cc'], { host, needs: [ring] })).toMatchObject({ zig: true })
  expect(chosen('aarch64-apple-darwin', ['cc'], { host })).toMatchObject({ environment: {}, zig: false })
})

test('what cannot be done names the crate and the ways out', () => {
  expect(cannotLink(question(ARM, [], { needs: [ring] }), 'no network.')).toBe(
    'ring 0.17.14 compiles C, and there is no C compiler for aarch64-unknown-linux-musl. zig could not be used: no network. Either put aarch64-linux-musl-gcc on the PATH, or run on a machine of that type (`runs-on: …-arm`), or set CC_aarch64_unknown_linux_musl and CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER.',
  )
})
