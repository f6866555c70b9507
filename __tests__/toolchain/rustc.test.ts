import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Failed } from '../../src/report/ending.ts'
import { missingFromSysroot } from '../../src/toolchain/found-parts.ts'
import { findRustc, findSysroot } from '../../src/toolchain/rustc.ts'

const here = { directory: '.', environment: process.env, signal: new AbortController().signal }

test('the compiler says its version, its machine, its source and its folder', async () => {
  const { version, host, commitHash } = await findRustc(here)
  expect(version).toMatch(/^1\.\d+\.\d+/)
  expect(host).toMatch(/^[\w]+(-[\w]+){2,3}$/)
  expect(commitHash).toMatch(/^[0-9a-f]{40}$/)
  expect(existsSync(join(await findSysroot(here), 'lib/rustlib', host))).toBe(true)
})

test('a program of that name which is no compiler is told by what it says', async () => {
  const environment = { PATH: '/nowhere' }
  await expect(findRustc({ ...here, environment })).rejects.toThrow(/rustc is not on the PATH/)
  await expect(findSysroot({ ...here, directory: '/nowhere' })).rejects.toThrow(Failed)
})

test('a toolchain has the target of its machine, and what it lacks is one sentence each', async () => {
  const { host } = await findRustc(here)
  const has = { ...here, components: ['rustc', 'cargo', 'rust-std'], targets: [host], hasRustup: false }
  expect(await missingFromSysroot(has)).toBeUndefined()
  const missing = await missingFromSysroot({ ...has, components: ['made-up', '__proto__'], targets: ['../../etc'] })
  expect(missing).toEqual([
    expect.stringMatching(/^made-up is not installed, .*set `toolchain`/),
    expect.stringMatching(/^__proto__ is not installed, .*set `toolchain`/),
    expect.stringMatching(new RegExp(`no standard library for \`../../etc\`, only for .*\`${host}\``)),
  ])
})
