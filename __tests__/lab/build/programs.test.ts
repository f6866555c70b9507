import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type ElfFacts, readElf } from '../../../src/build/elf/read.ts'
import { compareVersions } from '../../../src/build/elf/version.ts'
import { describeProof, proveBinary } from '../../../src/build/proof.ts'
import { survivesMutation } from '../../build/elf/mutation.ts'
import { run } from '../ground/command.ts'
import { need } from '../ground/need.ts'
import { debianPackages, whyNoDebianRoot } from '../ground/packages.ts'
import { freshRustupHome } from '../rustup/home.ts'
import { rustupPart } from '../rustup/part.ts'
import { startRustupServer } from '../rustup/server.ts'
import { foreignPrograms } from './foreign-programs.ts'

let folder = ''
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rust-deploy-programs-'))
  writeFileSync(join(folder, 'hello.rs'), 'fn main() { println!("hello {:?}", std::env::args()) }\n')
  if (whyNoDebianRoot() === undefined) await debianPackages('binutils')
})
afterAll(() => rmSync(folder, { recursive: true }))
beforeEach((context) => need(context, 'Debian packages', whyNoDebianRoot()))

/** Compiles a program, and gives its path. */
function compiled(name: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): string {
  const path = join(folder, name)
  execFileSync('rustc', ['hello.rs', '--edition=2021', '-o', path, ...args], { cwd: folder, env, stdio: 'pipe' })
  return path
}

async function factsOf(path: string): Promise<ElfFacts> {
  const reading = await readElf(path)
  if (reading.kind !== 'elf') throw new Error(`${path}: ${JSON.stringify(reading)}`)
  return reading.facts
}

/** The same facts, as binutils tell them. */
function toldByReadelf(path: string) {
  const said = execFileSync('readelf', ['--wide', '-h', '-l', '-d', '-S', '-n', '-V', path], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const one = (pattern: RegExp) => pattern.exec(said)?.[1]
  const all = (pattern: RegExp) => [...said.matchAll(pattern)].map(([, found = '']) => found)
  const needs = said.slice(said.indexOf('Version needs section'))
  const sections = [...said.matchAll(/^ +\[ *\d+\] (\S+) +(\S+) +[0-9a-f]+ [0-9a-f]+ ([0-9a-f]+) /gm)]
    .map(([, name = '', type = '', size = '']) => ({ name, type, size: Number.parseInt(size, 16) }))
    .filter(({ type }) => type !== 'NOBITS' && type !== 'NULL')
  return {
    bits: Number(one(/Class: +ELF(\d+)/)),
    endian: one(/Data: .*(little|big) endian/),
    isPie: one(/Type: +(\w+)/) === 'DYN',
    interpreter: one(/Requesting program interpreter: (.*)\]/),
    needed: all(/\(NEEDED\) +Shared library: \[(.*)\]/g),
    runpath: one(/\((?:RUNPATH|RPATH)\) +Library \w+: \[(.*)\]/),
    glibc: all(/Name: GLIBC_([\d.]+) /g)
      .filter((v) => needs.includes(v))
      .toSorted(compareVersions)
      .at(-1),
    buildId: one(/Build ID: ([0-9a-f]+)/),
    stripped: !sections.some(({ type }) => type === 'SYMTAB'),
    hasDebug: sections.some(({ name }) => name.startsWith('.debug_')),
    largest: sections
      .map(({ size }) => size)
      .toSorted((a, b) => b - a)
      .slice(0, 10),
  }
}

async function expectAgreement(path: string): Promise<ElfFacts> {
  const facts = await factsOf(path)
  const { bits, endian, interpreter, needed, runpath, glibc, buildId, stripped, hasDebug, kind, sections } = facts
  expect({
    ...{ bits, endian, interpreter, needed, runpath, buildId, stripped, hasDebug },
    isPie: kind === 'pie' || kind === 'shared',
    glibc: glibc?.version,
    largest: sections.map(({ size }) => size).slice(0, 10),
  }).toEqual(toldByReadelf(path))
  return facts
}

describe("of this machine's rustc", () => {
  test.each([
    ['plain', [], { stripped: false, kind: 'pie' }],
    ['stripped', ['-Cstrip=symbols'], { stripped: true, hasDebug: false }],
    ['debug', ['-g'], { hasDebug: true }],
    ['fixed', ['-Crelocation-model=static'], { kind: 'executable' }],
    ['static', ['-Ctarget-feature=+crt-static'], { interpreter: undefined, needed: [], kind: 'pie', glibc: undefined }],
    ['fixed-static', ['-Ctarget-feature=+crt-static', '-Crelocation-model=static'], { kind: 'executable', needed: [] }],
    ['with-libstd', ['-Cprefer-dynamic', '-Crpath'], { kind: 'pie' }],
    ['library.so', ['--crate-type=cdylib'], { kind: 'shared' }],
    ['big', ['-Clink-arg=-Wl,--build-id=sha1', '-Copt-level=3', '-Clto=fat'], {}],
  ])('%s: binutils say the same', async (name, args, expected) => {
    const facts = await expectAgreement(compiled(name, args))
    expect(facts).toMatchObject(expected)
    expect(facts.machine).toBe({ x64: 'x86_64', arm64: 'aarch64' }[process.arch as string])
  })

  test('what cargo-auditable leaves is found', async () => {
    const path = compiled('audited', [])
    expect((await factsOf(path)).auditable).toBe(false)
    execFileSync('objcopy', ['--add-section', `.dep-v0=${join(folder, 'hello.rs')}`, path])
    expect((await factsOf(path)).auditable).toBe(true)
  })

  test('without section headers the program is still judged, and still runs', async () => {
    const path = compiled('without-sections', [])
    const before = await factsOf(path)
    const bytes = readFileSync(path)
    bytes.fill(0, 0x28, 0x30)
    bytes.fill(0, 0x3a, 0x40)
    const sstripped = join(folder, 'sstripped')
    writeFileSync(sstripped, bytes, { mode: 0o755 })
    expect(execFileSync(sstripped, { encoding: 'utf8' })).toContain('hello')
    expect(await factsOf(sstripped)).toEqual({ ...before, stripped: true, hasDebug: false, sections: [] })
  })

  test('changed and cut in any way it gives a sentence', async () => {
    const small = ['-Cstrip=symbols', '-Copt-level=s', '-Cpanic=abort']
    await survivesMutation([readFileSync(compiled('small', small))], 400)
  })

  test('a glibc newer than the floor, and dynamic where static was promised, are caught', async () => {
    const path = compiled('too-new', [])
    const prove = (name: string, triple: string, glibc?: string) =>
      proof(path, { name, triple, ...(glibc && { glibc }) })
    const gnu = `${{ x64: 'x86_64', arm64: 'aarch64' }[process.arch as string]}-unknown-linux-gnu`
    const { glibc } = await factsOf(path)
    await expect(prove(`${gnu}.2.17`, gnu, '2.17')).rejects.toThrow(
      `needs glibc ${glibc?.version} (because of ${glibc?.symbol} of `,
    )
    await expect(prove(`${gnu}.2.99`, gnu, '2.99')).resolves.toMatchObject({ minGlibc: glibc?.version })
    await expect(prove('musl', gnu.replace('gnu', 'musl'))).rejects.toThrow(
      'is not static: it needs libgcc_s.so.1, libc.so.6',
    )
  })
})

test('programs of Debian for other machines: binutils say the same, and each fits its target alone', async () => {
  const programs = await foreignPrograms()
  const targets = {
    arm64: 'aarch64-unknown-linux-gnu',
    armhf: 'armv7-unknown-linux-gnueabihf',
    armel: 'arm-unknown-linux-gnueabi',
    i386: 'i686-unknown-linux-gnu',
    s390x: 's390x-unknown-linux-gnu',
  } as const
  for (const [each, { dynamic, static: fixed }] of Object.entries(programs)) {
    await expectAgreement(dynamic)
    await expectAgreement(fixed)
    for (const [other, triple] of Object.entries(targets)) {
      const promised = { name: triple, triple }
      if (other === each) {
        expect(await proof(dynamic, promised)).toMatchObject({ isStatic: false, minGlibc: '2.34' })
        expect(await proof(fixed, promised)).toMatchObject({ isStatic: true })
        expect(await proof(dynamic, undefined)).toMatchObject({ target: triple })
      } else {
        await expect(proof(dynamic, promised)).rejects.toThrow(`but ${triple} was promised`)
      }
    }
  }
})

test('programs for musl, of both architectures, are static, and each is caught where the other was promised', async (context) => {
  need(context, 'rustup', rustupPart.whyNot())
  await using server = await startRustupServer()
  await using home = await freshRustupHome()
  const env = { ...home.env, ...server.env }
  await run(['rustup', 'toolchain', 'install', '--no-self-update', '--profile', 'minimal', 'stable'], { env })
  const architectures = ['x86_64', 'aarch64'] as const
  await run(['rustup', 'target', 'add', ...architectures.map((each) => `${each}-unknown-linux-musl`)], { env })
  for (const each of architectures) {
    const [triple, wrong] = [each, each === 'x86_64' ? 'aarch64' : 'x86_64'].map((name) => `${name}-unknown-linux-musl`)
    const args = ['--target', triple ?? '', '-Cstrip=symbols', '-Clinker=rust-lld']
    const path = compiled(`musl-${each}`, args, { ...process.env, ...env })
    await expectAgreement(path)
    const proven = await proof(path, { name: triple ?? '', triple: triple ?? '' })
    expect(proven).toMatchObject({ kind: 'elf', isStatic: true, minGlibc: undefined, facts: { machine: each } })
    expect(describeProof(proven)).toMatch(new RegExp(`^${each}, static, stripped, \\d+ kB$`))
    expect(await proof(path, undefined)).toMatchObject({ target: triple })
    await expect(proof(path, { name: wrong ?? '', triple: wrong ?? '' })).rejects.toThrow(
      `is for ${each}, but ${wrong} was promised`,
    )
  }
})

function proof(path: string, target: { name: string; triple: string; glibc?: string } | undefined) {
  return proveBinary({
    binary: 'hello',
    path,
    ...(target && { target }),
    directories: { checkout: folder },
    log: { info() {}, output() {}, finding() {} },
    signal: new AbortController().signal,
  })
}
