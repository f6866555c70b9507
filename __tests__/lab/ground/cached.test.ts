import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { cached } from './cached.ts'

let home = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'rust-deploy-cache-'))
  vi.stubEnv('XDG_CACHE_HOME', home)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(home, { recursive: true })
})

const entries = () => readdirSync(join(home, 'rust-deploy-lab')).filter((name) => name.startsWith('thing-'))

test('a thing is made once for a recipe, also when two ask at the same moment', async () => {
  let made = 0
  const make = async (folder: string) => {
    made += 1
    writeFileSync(join(folder, 'content'), 'x')
  }
  const [one, two] = await Promise.all([cached('thing', 1, make), cached('thing', 1, make)])
  expect(one).toBe(two)
  expect(await cached('thing', 1, make)).toBe(one)
  expect(made).toBe(1)
  expect(await cached('thing', 2, make)).not.toBe(one)
})

test('a making that fails leaves nothing that looks whole, and the next one begins anew', async () => {
  const broken = async (folder: string) => {
    writeFileSync(join(folder, 'half'), '')
    throw new Error('the network is gone')
  }
  await expect(cached('thing', 1, broken)).rejects.toThrow('the network is gone')
  const folder = await cached('thing', 1, async () => {})
  expect(existsSync(join(folder, 'half'))).toBe(false)
})

test('another recipe goes when nobody has used it for days, and not before', async () => {
  const old = await cached('thing', 'old', async () => {})
  const used = await cached('thing', 'used', async () => {})
  const past = new Date(Date.now() - 4 * 24 * 60 * 60 * 1000)
  for (const folder of [old, used]) utimesSync(folder, past, past)
  await cached('thing', 'used', async () => {})
  await cached('thing', 'new', async () => {})
  expect(existsSync(old)).toBe(false)
  expect(existsSync(used)).toBe(true)
  expect(entries()).toHaveLength(2)
})
