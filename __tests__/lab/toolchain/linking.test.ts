import { chmodSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { missingLibraries } from '../../../src/project/missing-libraries.ts'
import { cannotLink } from '../../../src/toolchain/linking/cannot.ts'
import { chooseLinking } from '../../../src/toolchain/linking/choose.ts'
import { emptyLibraries } from '../../../src/toolchain/linking/empty-libraries.ts'
import { untargeted } from '../../../src/toolchain/linking/untargeted.ts'
import { parseTarget } from '../../../src/toolchain/target.ts'
import { manifestOf } from '../../made-project.ts'
import { attempt, run } from '../ground/command.ts'
import { need } from '../ground/need.ts'
import { rustupPart } from '../rustup/part.ts'
import { whyNoTools } from '../tools/part.ts'
import { asked, fetched, linked, openWorkshop, pathWithout, proved, type Workshop } from './linked.ts'
import { pureRust, withC, withCpp } from './native-projects.ts'

// Every row of the table that this machine can have: built with exactly what was chosen, proved by its headers, and run.

const X86 = 'x86_64-unknown-linux-musl'
const ARM = 'aarch64-unknown-linux-musl'
const GNU = 'x86_64-unknown-linux-gnu'
/** The first C++ of all waits for zig to compile musl and libc++. */
const PATIENT = 900_000
const LINKER = 'CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_LINKER'

const whyNot = () => rustupPart.whyNot() ?? whyNoTools()
let workshop: Workshop

beforeEach((context) => need(context, 'rustup', whyNot()))
beforeAll(async () => {
  if (whyNot() === undefined) workshop = await openWorkshop()
})
afterAll(() => workshop?.[Symbol.asyncDispose]())

const runIt = (target: string, path: string) =>
  run(target === ARM ? ['qemu-aarch64-static', path] : [path], { env: {}, timeoutMs: 60_000 })

const noMuslGcc = () => ({ PATH: pathWithout(/musl-gcc$/, workshop) })
const noCompiler = () => ({ PATH: pathWithout(/^c\d\d|(^|-)(cc|gcc|clang|ld)(-\d+)?$/, workshop) })

test.each([
  ['pure Rust', pureRust, X86, () => ({}), /^cc$/],
  ['pure Rust where there is no C compiler at all', pureRust, X86, noCompiler, /^rust-lld$/],
  ['pure Rust for another machine type', pureRust, ARM, () => ({}), /^rust-lld$/],
  // Debian has musl-gcc under a second name.
  ['C', withC, X86, () => ({}), /^cc, and (x86_64-linux-)?musl-gcc for app 0.1.0$/],
  ['C without musl-gcc', withC, X86, noMuslGcc, /^rust-lld, and zig for app 0.1.0$/],
  ['C for another machine type', withC, ARM, () => ({}), /^rust-lld, and zig for app 0.1.0$/],
  ['C++', withCpp, X86, () => ({}), /^zig, also for app 0.1.0$/],
])(
  'a static program from %s',
  async (_, { files, prints }, target, more, how) => {
    const { linking, path, proof } = await linked(files, target, workshop, more())
    expect(linking.how).toMatch(how)
    expect(proof).toMatchObject({ kind: 'elf', target, isStatic: true, minGlibc: undefined })
    expect(await runIt(target, path)).toBe(prints)
  },
  PATIENT,
)

test('a floor for glibc is kept by zig, and not by the compiler of this machine', async () => {
  const floored = await linked(withC.files, `${GNU}.2.28`, workshop)
  expect(floored.linking.how).toBe('zig, for a glibc of 2.28 or newer')
  expect(floored.proof).toMatchObject({ kind: 'elf', target: GNU, isStatic: false })
  expect(await runIt(GNU, floored.path)).toBe(withC.prints)

  const plain = await linked(withC.files, GNU, workshop)
  expect(plain.linking).toMatchObject({ how: 'the C compiler of this machine', environment: {}, rustflags: [] })
  expect(await runIt(GNU, plain.path)).toBe(withC.prints)
  await expect(proved(plain.path, `${GNU}.2.28`)).rejects.toThrow(
    /needs glibc 2\.\d+ \(because of \w+ of \S+\), but x86_64-unknown-linux-gnu\.2\.28 promises that 2\.28 is enough/,
  )
})

test('what musl-gcc links is not static and crashes, which is seen before it goes anywhere', async () => {
  const trapped = linked(pureRust.files, X86, workshop, { [LINKER]: 'musl-gcc' })
  await expect(trapped).rejects.toThrow(/The binary `app` is not static: it is started by \/lib\/ld-musl-x86_64\.so\.1/)
  const path = join(workshop.environment['CARGO_TARGET_DIR'] ?? '', X86, 'release/app')
  await expect(attempt([path], { env: {} })).rejects.toThrow('was ended by SIGSEGV')
})

test('a bare CC and CFLAGS spoil nothing that is chosen here, would spoil it otherwise, and are told', async () => {
  // With the headers of glibc this asks for functions that only glibc has; compilers of some distributions say it themselves.
  const bare = { CC: 'gcc', CFLAGS: '-D_FORTIFY_SOURCE=2' }
  const { path } = await linked(withC.files, X86, workshop, bare)
  expect(await runIt(X86, path)).toBe(withC.prints)
  const foreign = await linked(withC.files, ARM, workshop, bare)
  expect(await runIt(ARM, foreign.path)).toBe(withC.prints)

  using project = await fetched(withC.files, workshop)
  const environment = { ...workshop.environment, ...bare }
  const { question, told } = await asked(project, parseTarget(X86), environment)
  expect(untargeted({ ...question, environment: told })?.title).toBe('CC and CFLAGS without a target')
  const RUSTFLAGS = await emptyLibraries(join(workshop.folder, 'empty-libraries'))
  const cargo = ['cargo', 'build', '--release', '--target', X86] as const
  const spoilt = await attempt([...cargo], { cwd: project.folder, env: { ...environment, RUSTFLAGS } })
  expect(spoilt.stderr).toMatch(/undefined reference to `__\w+_chk'/)
})

test("the user's own linker and compiler are used, wherever he named them", async () => {
  const { folder } = workshop
  const own = (name: string, program: string) => {
    writeFileSync(join(folder, name), `#!/bin/sh\ntouch "${folder}/$(basename "$0").was-here"\nexec ${program} "$@"\n`)
    chmodSync(join(folder, name), 0o755)
    return join(folder, name)
  }
  const config = `[env]\nCC_x86_64_unknown_linux_musl = "${own('own-cc', 'musl-gcc')}"\n`
  const files = { ...withC.files, '.cargo/config.toml': config }
  const { linking, path } = await linked(files, X86, workshop, { [LINKER]: own('own-linker', 'cc') })
  expect(linking).toMatchObject({ environment: {}, zig: false, packages: [] })
  expect(['own-cc', 'own-linker'].map((name) => existsSync(join(folder, `${name}.was-here`)))).toEqual([true, true])
  expect(await runIt(X86, path)).toBe(withC.prints)
})

test('C that cannot be compiled for a target is told with the name of the crate, and nothing is compiled', async () => {
  using project = await fetched(withC.files, workshop)
  const { question } = await asked(project, parseTarget(ARM), workshop.environment)
  expect(chooseLinking(question)).toMatchObject({ zig: true, packages: [] })
  expect(cannotLink(question, new Error('it cannot be downloaded.'))).toMatch(
    /^app 0\.1\.0 compiles C, and there is no C compiler for aarch64-unknown-linux-musl\. Put .* \(zig could not be used: it cannot be downloaded\.\)$/,
  )
})

test('an OpenSSL that is only looked for is told before anything is compiled, and would have failed', async () => {
  const manifest = (features: string) =>
    manifestOf('app', `[dependencies]\nopenssl-sys = { version = "0.9", features = [${features}] }\n`)
  const files = (features: string) => ({
    'Cargo.toml': manifest(features),
    'src/main.rs': 'fn main() {\n    openssl_sys::init();\n}\n',
  })
  const target = parseTarget(X86)
  const missing = async (folder: Awaited<ReturnType<typeof fetched>>) => {
    const { graph, roots, replaced, told } = await asked(folder, target, workshop.environment)
    return missingLibraries({ graph, roots, triple: X86, host: GNU, environment: told, replaced })
  }
  using project = await fetched(files(''), workshop)
  expect(await missing(project)).toMatchObject([{ name: 'openssl-sys', isCertain: true }])
  await expect(linked(files(''), X86, workshop)).rejects.toThrow('the build script of `openssl-sys` 0.9')

  using vendored = await fetched(files('"vendored"'), workshop)
  expect(await missing(vendored)).toEqual([])
})
