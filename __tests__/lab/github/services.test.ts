import { expect, test } from 'vitest'
import { startGithub } from './github.ts'
import { ask, finalized, putBlob, reservedBlob, stored } from './judge/direct.ts'

const IDS = { workflow_run_backend_id: 'run-1', workflow_job_run_backend_id: 'job-1' }
const NEW_ARTIFACT = { ...IDS, name: 'hello', version: 7, mime_type: 'application/zip' }

test('without a token of its own the service says nothing', async () => {
  await using github = await startGithub()
  await using other = await startGithub()
  const tokens = ['', 'e30.e30.e30', other.env().ACTIONS_RUNTIME_TOKEN ?? '', `${github.env().ACTIONS_RUNTIME_TOKEN}x`]
  for (const token of tokens) {
    const env = { ...github.env(), ACTIONS_RUNTIME_TOKEN: token }
    const { status, body } = await ask(env, 'CacheService', 'GetCacheEntryDownloadURL', { key: 'k', version: 'v' })
    expect([status, body.code]).toEqual([401, 'unauthenticated'])
  }
})

test('a question that is not understood is refused', async () => {
  await using github = await startGithub()
  const env = github.env()
  expect(await ask(env, 'CacheService', 'GetCacheEntryDownloadURL', { key: 7, version: 'v' })).toMatchObject({
    status: 400,
    body: { code: 'malformed' },
  })
  expect(await ask(env, 'CacheService', 'ListArtifacts', IDS)).toMatchObject({
    status: 404,
    body: { code: 'bad_route' },
  })
  expect(await ask(env, 'ArtifactService', 'MigrateArtifact', IDS)).toMatchObject({ status: 404 })
  const url = `${github.url}/twirp/github.actions.results.api.v1.CacheService/CreateCacheEntry`
  expect((await fetch(url)).status).toBe(404)
  const headers = { authorization: `Bearer ${env.ACTIONS_RUNTIME_TOKEN}`, 'content-type': 'application/json' }
  expect((await fetch(url, { method: 'POST', body: '<xml/>', headers })).status).toBe(400)
  for (const path of ['/', '//', '/%zz', '/github/blobs/', '/github/blobs/../blobs']) {
    expect([403, 404], path).toContain((await fetch(`${github.url}${path}`)).status)
  }
})

test('fields may come in either of the two spellings of protobuf', async () => {
  await using github = await startGithub()
  const camel = { workflowRunBackendId: 'run-1', name: 'hello', version: 7, mimeType: 'application/zip' }
  const { body } = await ask(github.env(), 'ArtifactService', 'CreateArtifact', camel)
  expect(body.ok).toBe(true)
})

test('a cache entry is whole before anybody sees it', async () => {
  await using github = await startGithub()
  const env = github.env()
  const wanted = { key: 'k', version: 'v' }
  const lookUp = async () => (await ask(env, 'CacheService', 'GetCacheEntryDownloadURL', wanted)).body

  expect(await finalized(github, 'k', 5)).toMatchObject({ status: 404, body: { code: 'not_found' } })
  const url = await reservedBlob(github, 'k')
  // Another job may be uploading it: a reserved key is taken, but not found.
  expect((await ask(env, 'CacheService', 'CreateCacheEntry', wanted)).body).toEqual({ ok: false })
  expect(await lookUp()).toEqual({ ok: false })
  await putBlob(url, 'bytes')
  expect(await lookUp()).toEqual({ ok: false })
  expect((await finalized(github, 'k', 4)).body).toMatchObject({
    ok: false,
    message: 'the upload has 5 bytes, and 4 were announced',
  })
  expect(await lookUp()).toEqual({ ok: false })
  expect((await finalized(github, 'k', 5)).body).toEqual({ ok: true, entry_id: '1' })
  expect(await lookUp()).toMatchObject({ ok: true, matched_key: 'k' })
  // Asked again after a lost answer.
  expect((await finalized(github, 'k', 5)).body).toEqual({ ok: true, entry_id: '1' })
  expect((await ask(env, 'CacheService', 'CreateCacheEntry', wanted)).body).toEqual({ ok: false })
})

test('a cache belongs to its repository and its version', async () => {
  await using github = await startGithub()
  await stored(github, 'k', 'bytes')
  const lookUp = async (repository: string, version: string) =>
    (await ask(github.env({ repository }), 'CacheService', 'GetCacheEntryDownloadURL', { key: 'k', version })).body.ok

  expect(await lookUp('octo/hello', 'v')).toBe(true)
  expect(await lookUp('octo/hello', 'w')).toBe(false)
  expect(await lookUp('octo/fork', 'v')).toBe(false)
})

test('keys have limits', async () => {
  await using github = await startGithub()
  const create = async (key: string) => ask(github.env(), 'CacheService', 'CreateCacheEntry', { key, version: 'v' })
  expect((await create('k'.repeat(512))).body.ok).toBe(true)
  for (const key of ['k'.repeat(513), 'a,b', '']) {
    expect(await create(key)).toMatchObject({ status: 400, body: { code: 'invalid_argument' } })
  }
  const tooMany = { key: 'k', restore_keys: Array.from({ length: 10 }, (_, index) => `r${index}`), version: 'v' }
  expect(await ask(github.env(), 'CacheService', 'GetCacheEntryDownloadURL', tooMany)).toMatchObject({ status: 400 })
})

test('an artifact has a name and a type that are allowed', async () => {
  await using github = await startGithub()
  const create = (fields: Record<string, unknown>) =>
    ask(github.env(), 'ArtifactService', 'CreateArtifact', { ...NEW_ARTIFACT, ...fields })

  for (const name of ['', 'a/b', 'a\\b', 'a:b', 'a"b', 'a<b', 'a>b', 'a|b', 'a*b', 'a?b', 'a\rb', 'a\nb']) {
    expect(await create({ name }), name).toMatchObject({ status: 400, body: { code: 'invalid_argument' } })
  }
  expect(await create({ mime_type: 'application/x-made-up' })).toMatchObject({
    status: 400,
    body: { msg: 'mime_type a valid mime_type is required for this artifact version' },
  })
  expect(await create({ mime_type: undefined })).toMatchObject({ status: 400 })
  expect(await create({ name: 'old', mime_type: undefined, version: 4 })).toMatchObject({ status: 200 })
  expect(github.artifacts.list()).toMatchObject([{ name: 'old', mimeType: 'application/zip' }])
})

test('an artifact is finalized only with the bytes that were meant', async () => {
  await using github = await startGithub()
  const env = github.env()
  const finalize = (fields: Record<string, unknown>) =>
    ask(env, 'ArtifactService', 'FinalizeArtifact', { ...IDS, name: 'hello', size: '5', ...fields })
  const list = async () => (await ask(env, 'ArtifactService', 'ListArtifacts', IDS)).body.artifacts
  const hash = 'sha256:277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9'

  expect(await finalize({})).toMatchObject({ status: 404 })
  const { body } = await ask(env, 'ArtifactService', 'CreateArtifact', NEW_ARTIFACT)
  expect(await finalize({})).toMatchObject({ status: 400, body: { msg: 'nothing was uploaded for this artifact' } })
  await putBlob(String(body.signed_upload_url), 'bytes')
  expect(await finalize({ size: '6' })).toMatchObject({ status: 400 })
  expect(await finalize({ hash: `sha256:${'0'.repeat(64)}` })).toMatchObject({
    status: 400,
    body: { msg: `hash: the uploaded bytes have ${hash}` },
  })
  expect(await list()).toEqual([])
  expect(await ask(env, 'ArtifactService', 'GetSignedArtifactURL', { ...IDS, name: 'hello' })).toMatchObject({
    status: 404,
  })
  expect(await finalize({ hash })).toMatchObject({ body: { ok: true, artifact_id: '1' } })
  expect(await list()).toMatchObject([{ database_id: '1', name: 'hello', size: '5', digest: hash }])
})

test('no job speaks for another run, nor for the same run of another repository', async () => {
  await using github = await startGithub()
  const env = github.env({ run: 'run-2' })
  for (const method of ['CreateArtifact', 'FinalizeArtifact', 'ListArtifacts', 'DeleteArtifact']) {
    expect(await ask(env, 'ArtifactService', method, NEW_ARTIFACT), method).toMatchObject({ status: 403 })
  }
  await ask(github.env(), 'ArtifactService', 'CreateArtifact', NEW_ARTIFACT)
  const fork = github.env({ repository: 'octo/fork' })
  expect(await ask(fork, 'ArtifactService', 'DeleteArtifact', NEW_ARTIFACT)).toMatchObject({ status: 404 })
})
