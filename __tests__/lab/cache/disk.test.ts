import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, statfsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { buildEntries } from '../../../src/cache/entries.ts'
import { restoreCache, saveCache } from '../../../src/cache/store.ts'
import { type MadeTree, madeTree } from '../../cache/made-tree.ts'
import { startGithub } from '../github/github.ts'
import { need } from '../ground/need.ts'
import { whyNoDebianRoot } from '../ground/packages.ts'
import { smallDisk } from '../ground/small-disk.ts'
import { Job } from './store-options.ts'

const MIB = 1024 * 1024

/** Three units of a megabyte that no compression makes smaller. */
function large(): MadeTree {
  const names = ['a', 'b', 'c'].map((digit) => `release/deps/libx-${digit.repeat(16)}.rlib`)
  return madeTree(Object.fromEntries(names.map((name) => [name, randomBytes(MIB)])))
}

test('a disk that fills while saving, and one that fills while restoring', async (context) => {
  need(context, 'small disk', whyNoDebianRoot())
  await using github = await startGithub()
  using tree = large()
  using job = new Job(github.env())
  const entries = await buildEntries(tree.folder)
  await using disk = await smallDisk(2 * MIB)
  const free = () => statfsSync(disk.folder).bavail
  const before = free()

  const unsaved = await saveCache(job.save(tree.folder, entries, 'deps-1', { scratch: disk.folder }))
  expect(unsaved).toMatchObject({ saved: false, why: expect.stringMatching(/No space left/) })
  expect(readdirSync(disk.folder)).toEqual([])
  expect(github.caches.list()).toEqual([])

  expect(await saveCache(job.save(tree.folder, entries, 'deps-1'))).toMatchObject({ saved: true })
  const staging = join(disk.folder, 'staging')
  const downloading = await restoreCache(job.restore(job.path('target'), 'deps-1', { scratch: disk.folder }))
  expect(downloading).toMatchObject({ hit: 'none', why: expect.stringMatching(/ENOSPC|No space left|no space/i) })
  const unpacking = await restoreCache(job.restore(join(disk.folder, 'target'), 'deps-1', { staging }))
  expect(unpacking).toMatchObject({ hit: 'none', why: expect.stringMatching(/No space left/) })
  expect(readdirSync(disk.folder)).toEqual([])
  expect(existsSync(job.path('target'))).toBe(false)
  expect(free()).toBe(before)
  expect(job.findings.map(({ level }) => level)).toEqual(['warning', 'warning', 'warning'])
})

test('from one disk to another entries are copied, with their times to the nanosecond', async (context) => {
  need(context, 'small disk', whyNoDebianRoot())
  await using github = await startGithub()
  using tree = large()
  using job = new Job(github.env())
  await saveCache(job.save(tree.folder, await buildEntries(tree.folder), 'deps-1'))
  await using disk = await smallDisk(8 * MIB)
  const into = join(disk.folder, 'target')
  expect(await restoreCache(job.restore(into, 'deps-1'))).toMatchObject({ hit: 'exact' })
  const path = `release/deps/libx-${'a'.repeat(16)}.rlib`
  const time = (folder: string) => statSync(join(folder, path), { bigint: true }).mtimeNs
  expect(time(into)).toBe(time(tree.folder))
  expect((await buildEntries(into)).length).toBe(3)

  // The copy itself fills this one.
  await using tight = await smallDisk(2 * MIB)
  const half = await restoreCache(job.restore(join(tight.folder, 'target'), 'deps-1'))
  expect(half).toMatchObject({ hit: 'none', why: expect.stringMatching(/No space left/) })
  const left = readdirSync(tight.folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('lib'))
  for (const name of left) expect(statSync(join(tight.folder, name)).size).toBe(MIB)
  expect(left.some((name) => name.includes('partial'))).toBe(false)
})
