import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Failed } from '../../src/report/ending.ts'
import type { Log } from '../../src/report/log.ts'
import { libcOf, rustupTriple, thisMachine } from '../../src/toolchain/machine.ts'
import { installRustup, rustupInitUrl } from '../../src/toolchain/rustup-init.ts'
import { RUSTUP_PINS } from '../../src/toolchain/rustup-pins.ts'

const QUIET: Log = { info: () => {}, output: () => {}, finding: () => {} }

test('the installer comes from where rustup itself would be sent', () => {
  const triple = 'aarch64-unknown-linux-musl'
  const tail = `archive/1.29.1/${triple}/rustup-init`
  const url = (environment: Record<string, string>) => rustupInitUrl(environment, '1.29.1', triple)
  expect(url({})).toBe(`https://static.rust-lang.org/rustup/${tail}`)
  expect(url({ RUSTUP_DIST_SERVER: 'https://mirror/' })).toBe(`https://mirror/rustup/${tail}`)
  expect(url({ RUSTUP_DIST_SERVER: 'https://mirror', RUSTUP_UPDATE_ROOT: 'https://other/r' })).toBe(
    `https://other/r/${tail}`,
  )
  expect(url({ RUSTUP_DIST_SERVER: '', RUSTUP_UPDATE_ROOT: '' })).toBe(url({}))
  expect(rustupInitUrl({}, '1.29.0', 'x86_64-pc-windows-msvc')).toMatch(/\/rustup-init\.exe$/)
})

test('every machine that runners have gets a rustup of its own C library', () => {
  for (const [platform, architecture, libc, triple] of [
    ['linux', 'x64', 'gnu', 'x86_64-unknown-linux-gnu'],
    ['linux', 'x64', 'musl', 'x86_64-unknown-linux-musl'],
    ['linux', 'arm64', 'gnu', 'aarch64-unknown-linux-gnu'],
    ['linux', 'arm64', 'musl', 'aarch64-unknown-linux-musl'],
    ['darwin', 'arm64', 'gnu', 'aarch64-apple-darwin'],
    ['darwin', 'x64', 'gnu', 'x86_64-apple-darwin'],
    ['win32', 'x64', 'gnu', 'x86_64-pc-windows-msvc'],
    ['win32', 'arm64', 'gnu', 'aarch64-pc-windows-msvc'],
  ] as const) {
    expect(rustupTriple({ platform, architecture, libc })).toBe(triple)
    expect(RUSTUP_PINS[triple]).toEqual({
      version: expect.stringMatching(/^1\.29\.\d$/),
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
  }
  expect(rustupTriple({ platform: 'linux', architecture: 's390x', libc: 'gnu' })).toBeUndefined()
  expect(rustupTriple({ platform: 'freebsd', architecture: 'x64', libc: 'gnu' })).toBeUndefined()
})

test('the C library of a machine is read from the program that runs on it', async () => {
  expect(await thisMachine()).toMatchObject({ platform: process.platform, architecture: process.arch })
  const folder = mkdtempSync(join(tmpdir(), 'rust-deploy-libc-'))
  try {
    writeFileSync(join(folder, 'node'), `\x7fELF${'\0'.repeat(500)}/lib/ld-musl-x86_64.so.1\0${'code '.repeat(9000)}`)
    expect(await libcOf(join(folder, 'node'))).toBe('musl')
    writeFileSync(join(folder, 'node'), '')
    expect(await libcOf(join(folder, 'node'))).toBe('gnu')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('where no rustup is pinned, or its address is none, that is a sentence', async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'rust-deploy-init-'))
  const options = {
    directory: scratch,
    environment: {},
    scratch,
    signal: new AbortController().signal,
    log: QUIET,
    machine: { platform: 'linux', architecture: 'x64', libc: 'gnu' },
  } as const
  try {
    await expect(
      installRustup({ ...options, machine: { platform: 'linux', architecture: 'mips', libc: 'gnu' } }),
    ).rejects.toThrow(/There is no rustup to install on this kind of machine \(linux, mips\)/)
    const nowhere = { ...options, environment: { RUSTUP_UPDATE_ROOT: 'no address' } }
    await expect(installRustup(nowhere)).rejects.toThrow(
      /^no address\/archive\/.* is no address: check RUSTUP_UPDATE_ROOT and RUSTUP_DIST_SERVER\.$/,
    )
    await expect(installRustup(nowhere)).rejects.toThrow(Failed)
  } finally {
    rmSync(scratch, { recursive: true })
  }
})
