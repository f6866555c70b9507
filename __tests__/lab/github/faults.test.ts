import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, test } from 'vitest'
import type { Operation } from './faults.ts'
import { startGithub } from './github.ts'
import { ask, downloadUrl, finalized, putBlob, reservedBlob, stored } from './judge/direct.ts'

const CREATE = ['CacheService', 'CreateCacheEntry', { key: 'k', version: 'v' }] as const

test('the first requests of one operation fail, the others do not', async () => {
  await using github = await startGithub()
  github.faults.set('CreateCacheEntry', { kind: 'status', status: 500 }, 2)
  github.faults.set('PutBlob', { kind: 'status', status: 503, message: 'busy' }, 1)

  expect(await ask(github.env(), ...CREATE)).toMatchObject({ status: 500, body: { code: 'internal' } })
  expect(await ask(github.env(), ...CREATE)).toMatchObject({ status: 500 })
  const { body } = await ask(github.env(), ...CREATE)
  expect(body.ok).toBe(true)
  const busy = await putBlob(String(body.signed_upload_url), 'bytes')
  expect([busy.status, busy.headers.get('x-ms-error-code')]).toEqual([503, 'ServerBusy'])
  expect(await busy.text()).toContain('<Message>busy</Message>')
  expect((await putBlob(String(body.signed_upload_url), 'bytes')).status).toBe(201)

  const seen = github.requests.map(({ operation, status }) => [operation, status])
  expect(seen).toEqual([
    ['CreateCacheEntry', 500],
    ['CreateCacheEntry', 500],
    ['CreateCacheEntry', 200],
    ['PutBlob', 503],
    ['PutBlob', 201],
  ])
})

test('a refusal, a rate limit and a page instead of JSON', async () => {
  await using github = await startGithub()
  github.faults.set('CreateCacheEntry', { kind: 'status', status: 403 })
  expect(await ask(github.env(), ...CREATE)).toMatchObject({ status: 403, body: { code: 'permission_denied' } })
  github.faults.set('CreateCacheEntry', { kind: 'status', status: 429 })
  expect(await ask(github.env(), ...CREATE)).toMatchObject({ status: 429, body: { code: 'resource_exhausted' } })
  github.faults.set('CreateCacheEntry', { kind: 'garbage' })
  await expect(ask(github.env(), ...CREATE)).rejects.toThrow(SyntaxError)
  expect(github.caches.list()).toEqual([])

  github.faults.clear()
  expect((await ask(github.env(), ...CREATE)).status).toBe(200)
})

test('a hanging request never gets an answer, and does not keep the server from closing', async () => {
  const github = await startGithub()
  github.faults.set('CreateCacheEntry', { kind: 'hang' })
  await expect(ask(github.env(), ...CREATE, AbortSignal.timeout(300))).rejects.toThrow(/timeout/)

  const hanging = expect(ask(github.env(), ...CREATE)).rejects.toThrow()
  await expect.poll(() => github.requests.length).toBe(2)
  await github[Symbol.asyncDispose]()
  await hanging
  expect(github.requests.map(({ status }) => status)).toEqual([undefined, undefined])
})

test('a reset comes before the work, a lost answer after it', async () => {
  await using github = await startGithub()
  github.faults.set('CreateCacheEntry', { kind: 'reset' })
  await expect(ask(github.env(), ...CREATE)).rejects.toThrow('fetch failed')
  expect(github.caches.list()).toEqual([])

  github.faults.set('CreateCacheEntry', { kind: 'lost' })
  await expect(ask(github.env(), ...CREATE)).rejects.toThrow('fetch failed')
  expect(github.caches.list()).toMatchObject([{ key: 'k' }])
  expect(github.requests.map(({ status }) => status)).toEqual([undefined, undefined])

  const url = await reservedBlob(github, 'other').catch(() => '')
  expect(url).toBe('')
  github.faults.clear()
  const blob = await reservedBlob(github, 'third')
  github.faults.set('PutBlob', { kind: 'lost' })
  await expect(putBlob(blob, 'bytes')).rejects.toThrow('fetch failed')
  expect((await finalized(github, 'third', 5)).body.ok).toBe(true)
})

test('a download is cut off after half, spoiled in one byte, or trickles', async () => {
  await using github = await startGithub()
  await stored(github, 'k', 'a'.repeat(1000))
  const url = await downloadUrl(github, 'k')

  github.faults.set('GetBlob', { kind: 'truncate' })
  const cut = await fetch(url)
  expect(cut.headers.get('content-length')).toBe('1000')
  await expect(cut.text()).rejects.toThrow('terminated')

  github.faults.set('GetBlob', { kind: 'corrupt' })
  const spoiled = Buffer.from(await (await fetch(url)).arrayBuffer())
  expect([...spoiled].filter((byte) => byte !== 97)).toHaveLength(1)
  expect(spoiled).toHaveLength(1000)

  github.faults.set('GetBlob', { kind: 'slow', bytesPerSecond: 5000 })
  const slow = await fetch(url)
  const sizes: number[] = []
  for await (const chunk of slow.body ?? []) sizes.push(chunk.length)
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(1000)
  expect(sizes.length).toBeGreaterThan(1)

  github.faults.clear()
  expect(await (await fetch(url)).text()).toBe('a'.repeat(1000))
})

test('an upload and a question trickle too', async () => {
  await using github = await startGithub()
  const operations: Operation[] = ['PutBlob', 'CreateCacheEntry']
  for (const operation of operations) github.faults.set(operation, { kind: 'slow', bytesPerSecond: 5000 })
  await stored(github, 'k', 'b'.repeat(1000))
  expect(await (await fetch(await downloadUrl(github, 'k'))).text()).toBe('b'.repeat(1000))
})

test('a fault that an operation cannot have is refused', async () => {
  await using github = await startGithub()
  expect(() => github.faults.set('PutBlock', { kind: 'corrupt' })).toThrow(/only the bytes of GetBlob/)
})

test('nothing is left on the disk, not even of an upload in the middle', async () => {
  const github = await startGithub()
  await stored(github, 'k', 'bytes')
  const file = github.caches.list()[0]?.content?.file ?? ''
  expect(existsSync(file)).toBe(true)

  github.faults.set('PutBlob', { kind: 'slow', bytesPerSecond: 10 })
  const uploading = expect(putBlob(await reservedBlob(github, 'other'), 'b'.repeat(10_000))).rejects.toThrow()
  await expect.poll(() => github.requests.at(-1)?.operation).toBe('PutBlob')
  await github[Symbol.asyncDispose]()
  await uploading
  expect(existsSync(dirname(dirname(dirname(file))))).toBe(false)
})
