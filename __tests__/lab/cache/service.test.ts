import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { buildEntries } from '../../../src/cache/entries.ts'
import { restoreCache, saveCache } from '../../../src/cache/store.ts'
import { Cancelled } from '../../../src/report/ending.ts'
import { madeTree } from '../../cache/made-tree.ts'
import type { Fault, Operation } from '../github/faults.ts'
import { type Github, startGithub } from '../github/github.ts'
import { Job } from './store-options.ts'

const A = 'aaaaaaaaaaaaaaaa'
const B = 'bbbbbbbbbbbbbbbb'

const built = () =>
  madeTree({
    [`release/.fingerprint/itoa-${A}/lib-itoa`]: 'fingerprint',
    [`release/deps/libitoa-${A}.rlib`]: 'rlib',
    [`release/build/libc-${B}/out/generated.rs`]: 'generated',
    'release/app': 'never in a cache',
  })

/** A service that holds one cache of dependencies. */
async function saved(github: Github, key = 'deps-1'): Promise<void> {
  using tree = built()
  using job = new Job(github.env())
  const end = await saveCache(job.save(tree.folder, await buildEntries(tree.folder), key))
  expect(end, JSON.stringify(job.findings)).toMatchObject({ saved: true })
  expect(job.left()).toEqual([])
}

test('what was saved comes back into another folder, exactly and by the beginning of its key', async () => {
  await using github = await startGithub()
  using tree = built()
  using job = new Job(github.env())
  const { saved: done, bytes } = await saveCache(job.save(tree.folder, await buildEntries(tree.folder), 'deps-1'))
  expect(done).toBe(true)

  const into = job.path('elsewhere/target')
  expect(await restoreCache(job.restore(into, 'deps-1'))).toMatchObject({ hit: 'exact', key: 'deps-1', bytes })
  expect(readFileSync(join(into, `release/build/libc-${B}/out/generated.rs`), 'utf8')).toBe('generated')
  expect(existsSync(join(into, 'release/app'))).toBe(false)
  for (const path of [`release/deps/libitoa-${A}.rlib`, `release/.fingerprint/itoa-${A}/lib-itoa`]) {
    const time = (folder: string) => statSync(join(folder, path), { bigint: true }).mtimeNs
    expect(time(into)).toBe(time(tree.folder))
  }

  const other = job.path('other')
  const prefix = await restoreCache(job.restore(other, 'deps-2', { restoreKeys: ['deps-'] }))
  expect(prefix).toMatchObject({ hit: 'prefix', key: 'deps-1' })
  expect(existsSync(join(other, `release/deps/libitoa-${A}.rlib`))).toBe(true)
  expect(await restoreCache(job.restore(job.path('none'), 'else-1', { restoreKeys: ['else-'] }))).toEqual({
    hit: 'none',
    seconds: expect.any(Number),
  })
  expect(job.findings).toEqual([])
  expect(job.left()).toEqual([])
  expect(existsSync(job.path('none'))).toBe(false)
})

test('two jobs that save the same at once: one of them does, and neither complains', async () => {
  await using github = await startGithub()
  using tree = built()
  using job = new Job(github.env())
  const entries = await buildEntries(tree.folder)
  const ends = await Promise.all([1, 2].map(() => saveCache(job.save(tree.folder, entries, 'deps-1'))))
  expect(ends.map(({ saved: done }) => done).sort()).toEqual([false, true])
  expect(ends.find(({ saved: done }) => !done)?.why).toBe('another job has saved it already')
  expect(job.findings).toEqual([])
  expect(github.caches.list()).toHaveLength(1)
})

test('a token that may only read, or nothing at all, is a sentence and no warning', async () => {
  await using github = await startGithub()
  await saved(github)
  using tree = built()
  const entries = await buildEntries(tree.folder)
  for (const cacheMode of ['read', 'none'] as const) {
    const { ACTIONS_CACHE_MODE: _, ...untold } = github.env({ cacheMode })
    for (const services of [github.env({ cacheMode }), untold]) {
      using job = new Job(services)
      expect(await saveCache(job.save(tree.folder, entries, 'deps-2'))).toMatchObject({ saved: false })
      const { hit } = await restoreCache(job.restore(job.path('target'), 'deps-1'))
      expect(hit).toBe(cacheMode === 'read' ? 'exact' : 'none')
      expect(job.findings).toEqual([])
    }
  }
  expect(github.caches.list()).toHaveLength(1)
})

test.each<[string, Operation, Fault, RegExp]>([
  ['a rate limit', 'GetCacheEntryDownloadURL', { kind: 'status', status: 429 }, /Rate limited/],
  ['a refusal', 'GetCacheEntryDownloadURL', { kind: 'status', status: 403 }, /403/],
  ['a download that ends half-way', 'GetBlob', { kind: 'truncate' }, /broken off|Incomplete|terminated/],
  ['a spoiled byte', 'GetBlob', { kind: 'corrupt' }, /^tar ended with: .*(error|corrupt|unsupported)/i],
  ['a download that is refused', 'GetBlob', { kind: 'status', status: 403 }, /^tar ended with: .|403/],
])('%s is a warning, and nothing reaches the build directory', async (_, operation, fault, why) => {
  await using github = await startGithub()
  await saved(github)
  github.faults.set(operation, fault)
  using job = new Job(github.env())
  const end = await restoreCache(job.restore(job.path('target'), 'deps-1'))
  expect(end).toMatchObject({ hit: 'none', why: expect.stringMatching(why) })
  expect(job.findings).toMatchObject([{ level: 'warning', title: 'Cache not restored' }])
  expect(job.findings[0]?.message).toMatch(
    /^The cache of dependencies was not restored: .*\. The run goes on without it\.$/,
  )
  expect(JSON.stringify([job.findings, job.infos])).not.toMatch(/sig=|ACTIONS_RUNTIME_TOKEN/)
  expect(readdirSync(job.folder)).toEqual([])
})

test.each<[string, Operation, Fault, RegExp]>([
  ['a rate limit', 'CreateCacheEntry', { kind: 'status', status: 429 }, /Rate limited/],
  ['an upload that is refused', 'PutBlob', { kind: 'status', status: 403 }, /./],
  ['an end that is not acknowledged', 'FinalizeCacheEntryUpload', { kind: 'status', status: 403 }, /403/],
])('%s is a warning, and what is on the disk stays as it is', async (_, operation, fault, why) => {
  await using github = await startGithub()
  github.faults.set(operation, fault)
  using tree = built()
  using job = new Job(github.env())
  const before = await buildEntries(tree.folder)
  const end = await saveCache(job.save(tree.folder, before, 'deps-1'))
  expect(end).toMatchObject({ saved: false, why: expect.stringMatching(why) })
  expect(job.findings).toMatchObject([{ level: 'warning', title: 'Cache not saved' }])
  expect(await buildEntries(tree.folder)).toEqual(before)
  expect(readdirSync(job.folder)).toEqual([])
})

test('a service that fails again and again is left within the minute', async () => {
  await using github = await startGithub()
  await saved(github)
  github.faults.set('GetCacheEntryDownloadURL', { kind: 'status', status: 500 })
  using job = new Job(github.env())
  const end = await restoreCache(job.restore(job.path('target'), 'deps-1'))
  expect(end).toMatchObject({ hit: 'none', why: expect.stringMatching(/500|more than 60 s/) })
  expect(job.findings).toHaveLength(1)
})

test.each<[string, Operation, Fault]>([
  ['never answers', 'GetCacheEntryDownloadURL', { kind: 'hang' }],
  ['trickles', 'GetBlob', { kind: 'slow', bytesPerSecond: 20 }],
])('a service that %s is left when the time is over, and with it all that was started', async (_, operation, fault) => {
  await using github = await startGithub()
  await saved(github)
  github.faults.set(operation, fault)
  using job = new Job(github.env())
  const end = await restoreCache(job.restore(job.path('target'), 'deps-1', { limitMs: 1500 }))
  expect(end).toMatchObject({ hit: 'none', why: 'it took more than 1.5 s' })
  expect(readdirSync(job.folder)).toEqual([])
  expect(running(job.folder)).toEqual([])
})

test('a save that hangs is left as well', async () => {
  await using github = await startGithub()
  github.faults.set('PutBlob', { kind: 'hang' })
  using tree = built()
  using job = new Job(github.env())
  const end = await saveCache(job.save(tree.folder, await buildEntries(tree.folder), 'deps-1', { limitMs: 2500 }))
  expect(end).toMatchObject({ saved: false, why: 'it took more than 2.5 s' })
  expect(running(job.folder)).toEqual([])
})

test('a cancelled run does not wait for a cache', async () => {
  await using github = await startGithub()
  github.faults.set('GetCacheEntryDownloadURL', { kind: 'hang' })
  using job = new Job(github.env())
  const restoring = expect(restoreCache(job.restore(job.path('target'), 'deps-1'))).rejects.toThrow(Cancelled)
  await expect.poll(() => github.requests.length).toBe(1)
  job.cancel()
  await restoring
  expect(job.findings).toEqual([])
  expect(readdirSync(job.folder)).toEqual([])
})

test('a service that is down, has no address, or a machine without tar', async () => {
  const github = await startGithub()
  const env = github.env()
  await github[Symbol.asyncDispose]()
  using tree = built()
  mkdirSync(join(tree.folder, 'empty'))
  const entries = await buildEntries(tree.folder)
  for (const services of [env, { ...env, ACTIONS_RESULTS_URL: '' }, { ...env, PATH: join(tree.folder, 'empty') }]) {
    using job = new Job(services)
    expect(await restoreCache(job.restore(job.path('target'), 'deps-1'))).toMatchObject({ hit: 'none' })
    expect(await saveCache(job.save(tree.folder, entries, 'deps-1'))).toMatchObject({ saved: false })
    expect(job.findings.map(({ level, title }) => `${level}: ${title}`)).toEqual([
      'warning: Cache not restored',
      'warning: Cache not saved',
    ])
    for (const { message } of job.findings) expect(message).toMatch(/not (restored|saved): [^.]+\S.*\. \w.*\.$/)
    expect(readdirSync(job.folder)).toEqual([])
  }
})

test('nothing to save is no question to the service', async () => {
  await using github = await startGithub()
  using job = new Job(github.env())
  expect(await saveCache(job.save(job.folder, [], 'deps-1'))).toMatchObject({ why: 'there is nothing to save' })
  expect(github.requests).toEqual([])
})

/** Processes that still have this folder as their own or in their arguments. */
function running(folder: string): string[] {
  const all = execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' }).split('\n')
  return all.filter((line) => line.includes(folder))
}
