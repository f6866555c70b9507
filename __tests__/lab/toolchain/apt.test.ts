import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { Cancelled } from '../../../src/report/ending.ts'
import { canInstall, type InstallOptions, installPackages } from '../../../src/toolchain/linking/install.ts'
import { need } from '../ground/need.ts'
import { debianPackages, whyNoDebianRoot } from '../ground/packages.ts'
import { oneAtATime } from '../ground/single.ts'

beforeEach((context) => need(context, 'apt', whyNoDebianRoot()))

function installing(packages: readonly string[], more: Partial<InstallOptions> = {}) {
  const said: string[] = []
  const log = { info: (text: string) => said.push(text), output: (line: string) => said.push(line), finding() {} }
  const { signal } = new AbortController()
  const done = oneAtATime('apt', () =>
    installPackages({ packages, isRoot: true, environment: process.env, log, signal, ...more }),
  )
  return { said, done }
}

test('what is there already is there afterwards, and nothing but what is done is told', async () => {
  await debianPackages('musl-tools')
  const { said, done } = installing(['musl-tools'])
  await done
  expect(said).toEqual(['installing musl-tools with apt-get'])
  const nothing = installing([])
  await nothing.done
  expect(nothing.said).toEqual([])
})

test('a package that no archive has is a sentence with the words of apt-get', async () => {
  const { done } = installing(['rust-deploy-has-no-such-package'])
  await expect(done).rejects.toThrow(
    'apt-get could not install rust-deploy-has-no-such-package (E: Unable to locate package rust-deploy-has-no-such-package): install it before this step, or see what apt-get said above.',
  )
})

test('a stop is heard', async () => {
  const { done } = installing(['musl-tools'], { signal: AbortSignal.abort() })
  await expect(done).rejects.toThrow(Cancelled)
})

test('installing needs apt-get, and root or sudo', () => {
  const empty = mkdtempSync(join(tmpdir(), 'rust-deploy-path-'))
  expect(canInstall(true, process.env)).toBe(true)
  expect(canInstall(true, { PATH: empty })).toBe(false)
  expect(canInstall(false, { PATH: empty })).toBe(false)
  rmSync(empty, { recursive: true })
})
