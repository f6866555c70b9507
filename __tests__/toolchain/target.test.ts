import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Refused } from '../../src/report/ending.ts'
import { defaultTarget, parseTarget } from '../../src/toolchain/target.ts'

test('a triple is taken as it is, and a glibc floor apart from it', () => {
  expect(parseTarget('x86_64-unknown-linux-musl')).toEqual({
    name: 'x86_64-unknown-linux-musl',
    triple: 'x86_64-unknown-linux-musl',
  })
  expect(parseTarget('aarch64-unknown-linux-gnu.2.28')).toEqual({
    name: 'aarch64-unknown-linux-gnu.2.28',
    triple: 'aarch64-unknown-linux-gnu',
    glibc: '2.28',
  })
  expect(parseTarget('armv7-unknown-linux-gnueabihf.2.17').glibc).toBe('2.17')
})

test('triples of other systems, with dots in them, or newer than this program are not refused', () => {
  for (const triple of [
    'aarch64-apple-darwin',
    'x86_64-pc-windows-msvc',
    'wasm32-wasip1',
    'thumbv8m.main-none-eabihf',
    'x86_64-unknown-linux-gnuasan',
    'x86_64-linux-android',
    'x86_64-unknown-linux-ohos',
    'aarch64_be-unknown-linux-gnu_ilp32',
    'mips64-openwrt-linux-musl',
    's390x-unknown-linux-musl',
    'x86_64-alpine-linux-musl',
    'riscv128gc-unknown-linux-gnu',
  ]) {
    expect([triple, accepted(triple)]).toEqual([triple, true])
  }
})

test('what other tools call a target is answered with the name that Rust has for it', () => {
  for (const [wrong, meant] of [
    ['x86_64-linux-musl', 'x86_64-unknown-linux-musl'],
    ['x86_64-linux-gnu', 'x86_64-unknown-linux-gnu'],
    ['aarch64-linux-gnu.2.28', 'aarch64-unknown-linux-gnu'],
    ['x86_64-unknown-linux-muls', 'x86_64-unknown-linux-musl'],
    ['x86_64-unkown-linux-musl', 'x86_64-unknown-linux-musl'],
    ['X86_64-unknown-linux-musl', 'x86_64-unknown-linux-musl'],
    ['amd64', 'x86_64-unknown-linux-musl'],
    ['arm64-unknown-linux-musl', 'aarch64-unknown-linux-musl'],
    ['aarch64-musl', 'aarch64-unknown-linux-musl'],
    ['x86_64-gnu', 'x86_64-unknown-linux-gnu'],
    ['armv7-linux-gnueabihf', 'armv7-unknown-linux-gnueabihf'],
    ['armhf', 'armv7-unknown-linux-musleabihf'],
    ['riscv64-unknown-linux-gnu', 'riscv64gc-unknown-linux-gnu'],
  ] as const) {
    expect([wrong, refusal(wrong)]).toEqual([wrong, `\`${wrong}\` is no target of Rust; did you mean \`${meant}\`?`])
  }
})

test('a glibc floor is refused where there is no glibc, where it does not exist, and where Rust needs a newer one', () => {
  expect(refusal('x86_64-unknown-linux-musl.2.28')).toContain('does not link with')
  expect(refusal('aarch64-apple-darwin.2.28')).toContain('does not link with')
  expect(refusal('x86_64-unknown-linux-gnu.2.16')).toContain('needs 2.17 or newer')
  for (const version of ['2', '3.1', '2.', '2.028', '2.999', '2.17.1', '2.28rc', '28', '2.2e1']) {
    expect([version, accepted(`x86_64-unknown-linux-gnu.${version}`)]).toEqual([version, false])
  }
})

test('a target that is a specification file is refused with what to name instead', () => {
  expect(refusal('./targets/kernel.json')).toMatch(/specification of its own.*name a triple/)
})

test('hostile names are refused, and shown without being obeyed', () => {
  for (const name of [
    '',
    ' ',
    '-Zunstable',
    '--print=target-list',
    'x86_64-unknown-linux-musl\n::set-output name=a::b',
    'x86_64-unknown-linux-musl%0A',
    '../../etc/passwd',
    'x86_64-unknown-linux-gnu;id',
    '$(id)-unknown-linux-gnu',
    'x86_64-unknown-linux-gnu.2.28\n',
    '\u001b[31mx86_64-a',
    'x'.repeat(100_000),
    '__proto__',
    'constructor-a-b-c-d-e-f',
  ]) {
    const said = refusal(name)
    expect(said).toMatch(/^[\x20-\x7e…]{10,400}[.?]$/)
  }
})

test('any text at all is either a target or a sentence', () => {
  const pieces = fc.constantFrom('x86_64', '-', 'linux', 'gnu', '.', '2.28', 'unknown', '\n', '%', '/', 'é', '')
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join('')),
      ),
      (name) => {
        if (accepted(name)) {
          const { triple, glibc } = parseTarget(name)
          expect(name).toBe(glibc === undefined ? triple : `${triple}.${glibc}`)
          expect(triple).toMatch(/^[a-z0-9][a-z0-9_.-]+$/)
        }
      },
    ),
  )
})

test('without a name it is musl of the machine, whatever system that runs', () => {
  for (const [host, target] of [
    ['x86_64-unknown-linux-gnu', 'x86_64-unknown-linux-musl'],
    ['aarch64-unknown-linux-gnu', 'aarch64-unknown-linux-musl'],
    ['aarch64-apple-darwin', 'aarch64-unknown-linux-musl'],
    ['x86_64-pc-windows-msvc', 'x86_64-unknown-linux-musl'],
    ['x86_64-alpine-linux-musl', 'x86_64-unknown-linux-musl'],
    ['armv7-unknown-linux-gnueabihf', 'armv7-unknown-linux-musleabihf'],
    ['arm-unknown-linux-gnueabi', 'arm-unknown-linux-musleabi'],
    ['riscv64gc-unknown-linux-gnu', 'riscv64gc-unknown-linux-musl'],
    ['riscv64-alpine-linux-musl', 'riscv64gc-unknown-linux-musl'],
  ] as const) {
    expect([host, defaultTarget(host)]).toEqual([host, target])
  }
  expect(() => defaultTarget('s390x-unknown-linux-gnu')).toThrow(Refused)
  expect(() => defaultTarget('constructor-x')).toThrow('name one with `target`')
})

function accepted(name: string): boolean {
  try {
    parseTarget(name)
    return true
  } catch (error) {
    if (error instanceof Refused) return false
    throw error
  }
}

function refusal(name: string): string {
  try {
    parseTarget(name)
  } catch (error) {
    if (error instanceof Refused) return error.message
    throw error
  }
  throw new Error(`${JSON.stringify(name)} was accepted`)
}
