import { expect, test } from 'vitest'
import { startGithub } from './github.ts'
import { cache, judge } from './judge/toolkit.ts'
import { MIB, sha256Of, workplace } from './judge/workplace.ts'

// What @actions/cache, unmodified, makes of the server. It swallows nearly every error, so the judges are what it
// returns and what the server holds, never that nothing was thrown.

for (const [size, operations] of [
  [1 * MIB, ['CreateCacheEntry', 'PutBlob', 'FinalizeCacheEntryUpload']],
  [150 * MIB, ['CreateCacheEntry', 'PutBlock', 'PutBlock', 'PutBlock', 'PutBlockList', 'FinalizeCacheEntryUpload']],
] as const) {
  test(`${size / MIB} MB come back as they were saved`, { timeout: 300_000 }, async () => {
    await using github = await startGithub()
    await using saving = await workplace()
    await using restoring = await workplace()
    const sha256 = await saving.randomFile('deps/blob', size)

    const saved = await judge(saving, github.env(), cache('saveCache', ['deps'], 'deps-1'))
    expect(saved.results).toEqual([{ value: 1 }])
    expect(github.requests.map(({ operation }) => operation)).toEqual(operations)
    const [entry] = github.caches.list()
    expect(entry).toMatchObject({ key: 'deps-1', scope: 'refs/heads/main', repository: 'octo/hello' })
    expect(await sha256Of(entry?.content?.file ?? '')).toBe(entry?.content?.sha256)

    const restored = await judge(restoring, github.env(), cache('restoreCache', ['deps'], 'deps-1'))
    expect(restored.results).toEqual([{ value: 'deps-1' }])
    expect(await sha256Of(restoring.path('deps/blob'))).toBe(sha256)
  })
}

test('a key finds itself first, then the newest that begins with it, then the restore keys in their order', async () => {
  await using github = await startGithub()
  await using at = await workplace()
  await at.randomFile('deps/blob', 100)

  const saved = await judge(
    at,
    github.env(),
    cache('saveCache', ['deps'], 'linux-a'),
    cache('saveCache', ['deps'], 'linux-ab'),
    cache('saveCache', ['deps'], 'linux-ac'),
    cache('saveCache', ['deps'], 'other'),
  )
  expect(saved.results).toEqual([{ value: 1 }, { value: 2 }, { value: 3 }, { value: 4 }])

  const found = await judge(
    at,
    github.env(),
    cache('restoreCache', ['deps'], 'linux-a'),
    cache('restoreCache', ['deps'], 'linux-'),
    cache('restoreCache', ['deps'], 'mac-x', ['mac-', 'oth', 'linux-']),
    cache('restoreCache', ['deps'], 'mac-x', ['linux-ab', 'linux-']),
    cache('restoreCache', ['deps'], 'inux-a'),
    // Other paths make another version, and what was saved for other paths must not be unpacked here.
    cache('restoreCache', ['deps', 'more'], 'linux-a'),
  )
  expect(found.results).toEqual([
    { value: 'linux-a' },
    { value: 'linux-ac' },
    { value: 'other' },
    { value: 'linux-ab' },
    {},
    {},
  ])
})

test('a branch reads its own and the base, writes its own, and is seen by nobody else', async () => {
  await using github = await startGithub()
  await using at = await workplace()
  await using reading = await workplace()
  const env = (ref: string, baseRef?: string) => github.env({ ref, ...(baseRef !== undefined && { baseRef }) })
  const save = (key: string) => cache('saveCache', ['deps'], key)
  const restore = (key: string) => cache('restoreCache', ['deps'], key)

  const onMain = await at.randomFile('deps/blob', 100)
  await judge(at, env('refs/heads/main'), save('deps'))
  const onFeature = await at.randomFile('deps/blob', 100)
  // The same key again, because a scope of its own is another place.
  const early = await judge(reading, env('refs/heads/feature'), restore('deps'))
  expect(early.results).toEqual([{ value: 'deps' }])
  expect(await sha256Of(reading.path('deps/blob'))).toBe(onMain)
  await judge(at, env('refs/heads/feature'), save('deps'), save('only-feature'))
  expect(github.caches.list().map(({ key, scope }) => `${scope} ${key}`)).toEqual([
    'refs/heads/main deps',
    'refs/heads/feature deps',
    'refs/heads/feature only-feature',
  ])

  const feature = await judge(reading, env('refs/heads/feature'), restore('deps'))
  expect(feature.results).toEqual([{ value: 'deps' }])
  expect(await sha256Of(reading.path('deps/blob'))).toBe(onFeature)
  const main = await judge(reading, env('refs/heads/main'), restore('deps'), restore('only-feature'))
  expect(main.results).toEqual([{ value: 'deps' }, {}])
  expect(await sha256Of(reading.path('deps/blob'))).toBe(onMain)

  const pull = await judge(at, env('refs/pull/7/merge', 'refs/heads/feature'), restore('only-feature'), save('pull'))
  expect(pull.results).toEqual([{ value: 'only-feature' }, { value: 4 }])
  const others = await judge(at, env('refs/heads/feature'), restore('pull'))
  expect(others.results).toEqual([{}])
})

test('a second save of a key is refused and leaves the first as it is', async () => {
  await using github = await startGithub()
  await using at = await workplace()
  const first = await at.randomFile('deps/blob', 100)
  await judge(at, github.env(), cache('saveCache', ['deps'], 'deps'))
  await at.randomFile('deps/blob', 100)

  const again = await judge(
    at,
    github.env(),
    cache('saveCache', ['deps'], 'deps'),
    cache('restoreCache', ['deps'], 'deps'),
  )

  expect(again.results).toEqual([{ value: -1 }, { value: 'deps' }])
  expect(github.caches.list()).toHaveLength(1)
  expect(await sha256Of(at.path('deps/blob'))).toBe(first)
})

test('cache-mode is kept by the client, and by the server for clients that do not know it', async () => {
  await using github = await startGithub()
  await using at = await workplace()
  await at.randomFile('deps/blob', 100)
  await judge(at, github.env(), cache('saveCache', ['deps'], 'deps'))
  const both = [cache('saveCache', ['deps'], 'new'), cache('restoreCache', ['deps'], 'deps')]
  const asked = () => github.requests.map(({ operation }) => operation)
  const asOldClient = ({ ACTIONS_CACHE_MODE: _, ...env }: Record<string, string>) => env

  const before = asked().length
  const reading = await judge(at, github.env({ cacheMode: 'read' }), ...both)
  expect(reading.results).toEqual([{ value: -1 }, { value: 'deps' }])
  expect(asked().slice(before)).toEqual(['GetCacheEntryDownloadURL', 'GetBlob'])

  const denied = await judge(at, asOldClient(github.env({ cacheMode: 'read' })), ...both)
  expect(denied.results).toEqual([{ value: -1 }, { value: 'deps' }])
  expect(denied.log).toContain('cache write denied:')

  const nothing = await judge(at, asOldClient(github.env({ cacheMode: 'none' })), ...both)
  expect(nothing.results).toEqual([{ value: -1 }, {}])
  expect(nothing.log).toContain('cache read denied:')

  const writing = await judge(at, asOldClient(github.env({ cacheMode: 'write-only' })), ...both)
  expect(writing.results).toEqual([{ value: 2 }, {}])
})

test('a service that stumbles is asked again; one whose answer is lost has stored what the client believes unsaved', async () => {
  await using github = await startGithub()
  await using at = await workplace()
  await at.randomFile('deps/blob', 100)

  github.faults.set('CreateCacheEntry', { kind: 'status', status: 503 }, 1)
  github.faults.set('FinalizeCacheEntryUpload', { kind: 'garbage' }, 1)
  const stumbled = await judge(at, github.env(), cache('saveCache', ['deps'], 'stumbled'))
  expect(stumbled.results).toEqual([{ value: 1 }])
  expect(github.requests.filter(({ status }) => status === 503)).toHaveLength(1)

  github.faults.set('FinalizeCacheEntryUpload', { kind: 'lost' })
  const lost = await judge(at, github.env(), cache('saveCache', ['deps'], 'lost'))
  expect(lost.results).toEqual([{ value: -1 }])
  expect(github.caches.list().find(({ key }) => key === 'lost')?.content).toBeDefined()
})

test('spoiled and missing downloads are a miss', async () => {
  await using github = await startGithub()
  await using at = await workplace()
  await at.randomFile('deps/blob', MIB)
  await judge(at, github.env(), cache('saveCache', ['deps'], 'deps'))

  for (const kind of ['truncate', 'corrupt'] as const) {
    github.faults.set('GetBlob', { kind })
    const { results, log } = await judge(at, github.env(), cache('restoreCache', ['deps'], 'deps'))
    expect(results, log).toEqual([{}])
    expect(log).toContain('Failed to restore')
  }
  github.faults.clear()
  const whole = await judge(at, github.env(), cache('restoreCache', ['deps'], 'deps'))
  expect(whole.results).toEqual([{ value: 'deps' }])
})

test('a service that is down is a warning and no cache', async () => {
  const github = await startGithub()
  const env = github.env()
  await github[Symbol.asyncDispose]()
  await using at = await workplace()
  await at.randomFile('deps/blob', 100)

  const down = await judge(at, env, cache('restoreCache', ['deps'], 'deps'), cache('saveCache', ['deps'], 'deps'))

  expect(down.results).toEqual([{}, { value: -1 }])
  expect(down.log).toContain('ECONNREFUSED')
})
