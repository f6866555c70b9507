import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { expect, test } from 'vitest'
import { type Github, startGithub } from './github.ts'
import { downloadUrl, finalized, putBlob, reservedBlob, stored } from './judge/direct.ts'

// What the clients seldom or never do, asked directly.

const id = (name: string) => Buffer.from(name).toString('base64')

function putBlock(url: string, blockId: string, bytes: string): Promise<Response> {
  return fetch(`${url}&comp=block&blockid=${encodeURIComponent(blockId)}`, { method: 'PUT', body: bytes })
}

function putList(url: string, list: string): Promise<Response> {
  const body = `<?xml version="1.0" encoding="utf-8" standalone="yes"?>${list}`
  return fetch(`${url}&comp=blocklist`, { method: 'PUT', body, headers: { 'x-ms-blob-content-type': 'text/plain' } })
}

function listOf(...ids: string[]): string {
  return `<BlockList>${ids.map((block) => `<Latest>${block}</Latest>`).join('\n')}</BlockList>`
}

function bytesOf(github: Github): string {
  return readFileSync(github.caches.list()[0]?.content?.file ?? '', 'utf8')
}

function errorCode(response: Response): string {
  return `${response.status} ${response.headers.get('x-ms-error-code')}`
}

test('a blob is in the order of its list, whatever the order of arrival, and what is not listed is dropped', async () => {
  await using github = await startGithub()
  const url = await reservedBlob(github, 'k')

  expect((await putBlock(url, id('block-3'), 'third.')).status).toBe(201)
  expect((await putBlock(url, id('block-x'), 'never listed.')).status).toBe(201)
  expect((await putBlock(url, id('block-1'), 'an older first.')).status).toBe(201)
  expect((await putBlock(url, id('block-2'), 'second.')).status).toBe(201)
  // A block that comes again replaces the first.
  expect((await putBlock(url, id('block-1'), 'first.')).status).toBe(201)
  const list = await putList(url, listOf(id('block-1'), id('block-2'), id('block-3'), id('block-1')))
  expect(list.status).toBe(201)

  const wanted = 'first.second.third.first.'
  expect((await finalized(github, 'k', wanted.length)).body).toMatchObject({ ok: true })
  expect(bytesOf(github)).toBe(wanted)
  const got = await fetch(await downloadUrl(github, 'k'))
  expect(await got.text()).toBe(wanted)
  expect(got.headers.get('content-type')).toBe('text/plain')
  const sha256 = createHash('sha256').update(wanted).digest('hex')
  expect(github.caches.list()[0]?.content).toMatchObject({ size: wanted.length, sha256 })
})

test('blocks that arrive side by side do not mix', async () => {
  await using github = await startGithub()
  const url = await reservedBlob(github, 'k')
  const names = Array.from({ length: 20 }, (_, index) => id(`block-${String(index).padStart(2, '0')}`))

  const answers = await Promise.all(
    names.toReversed().map((name, index) => putBlock(url, name, String.fromCharCode(116 - index).repeat(70_000))),
  )
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]))
  await putList(url, listOf(...names))
  await finalized(github, 'k', 20 * 70_000)

  expect(bytesOf(github)).toBe([...'abcdefghijklmnopqrst'].map((letter) => letter.repeat(70_000)).join(''))
})

test('a list that is wrong makes no blob', async () => {
  await using github = await startGithub()
  const url = await reservedBlob(github, 'k')
  await putBlock(url, id('block-1'), 'first.')

  expect(errorCode(await putList(url, listOf(id('block-1'), id('block-9'))))).toBe('400 InvalidBlockList')
  expect(errorCode(await putList(url, `<BlockList><Committed>${id('block-1')}</Committed></BlockList>`))).toBe(
    '400 InvalidBlockList',
  )
  expect(errorCode(await putList(url, '<BlockList><Latest>'))).toBe('400 InvalidXmlDocument')
  expect(errorCode(await putList(url, `<BlockList>${id('block-1')}</BlockList>`))).toBe('400 InvalidXmlDocument')
  expect((await finalized(github, 'k', 6)).body).toEqual({
    ok: false,
    message: 'nothing was uploaded for this cache entry',
  })
  // The blocks are still there, and a right list makes the blob.
  expect((await putList(url, listOf(id('block-1')))).status).toBe(201)
})

test('block ids are base64 and of one length', async () => {
  await using github = await startGithub()
  const url = await reservedBlob(github, 'k')
  await putBlock(url, id('block-1'), 'first.')

  expect(errorCode(await putBlock(url, id('block-number-2'), 'second.'))).toBe('400 InvalidBlobOrBlock')
  expect(errorCode(await putBlock(url, 'not base64!', 'second.'))).toBe('400 InvalidQueryParameterValue')
  expect(errorCode(await putBlock(url, '', 'second.'))).toBe('400 InvalidQueryParameterValue')
  expect(errorCode(await putBlock(url, id('b'.repeat(65)), 'second.'))).toBe('400 InvalidQueryParameterValue')
})

test('only the signed URL itself is good, for what it was signed for and as long as it was', async () => {
  await using github = await startGithub()
  const upload = await reservedBlob(github, 'k')
  const denied = '403 AuthenticationFailed'
  const changed = (url: string, name: string, value: string | undefined) => {
    const other = new URL(url)
    if (value === undefined) other.searchParams.delete(name)
    else other.searchParams.set(name, value)
    return other.href
  }

  expect(errorCode(await putBlob(changed(upload, 'sig', undefined), 'bytes'))).toBe(denied)
  expect(errorCode(await putBlob(changed(upload, 'sig', 'AAAA'), 'bytes'))).toBe(denied)
  expect(errorCode(await putBlob(changed(upload, 'sp', 'r'), 'bytes'))).toBe(denied)
  expect(errorCode(await putBlob(changed(upload, 'se', '2999-01-01T00:00:00Z'), 'bytes'))).toBe(denied)
  const another = new URL(await reservedBlob(github, 'other')).pathname
  expect(errorCode(await putBlob(upload.replace(new URL(upload).pathname, another), 'bytes'))).toBe(denied)
  expect(errorCode(await fetch(upload))).toBe(denied)

  const signature = new URL(upload).searchParams.get('sig') ?? ''
  expect(signature).toMatch(/=$/)
  const unpadded = changed(upload, 'sig', signature.replace(/=+$/, ''))
  expect((await putBlob(unpadded, 'bytes')).status).toBe(201)
  await finalized(github, 'k', 5)
  expect(errorCode(await putBlob(await downloadUrl(github, 'k'), 'other'))).toBe(denied)
  // After the end of the upload its URL changes nothing any more.
  expect((await putBlob(upload, 'other')).status).toBe(409)
  expect(bytesOf(github)).toBe('bytes')

  await using impatient = await startGithub({ linksLastMs: -1 })
  expect(errorCode(await putBlob(await reservedBlob(impatient, 'k'), 'bytes'))).toBe(denied)
})

test('reading gives the whole, a range, or only what there is to know', async () => {
  await using github = await startGithub()
  await stored(github, 'k', '0123456789')
  const url = await downloadUrl(github, 'k')

  const head = await fetch(url, { method: 'HEAD' })
  expect(head.status).toBe(200)
  expect(head.headers.get('content-length')).toBe('10')
  const middle = await fetch(url, { headers: { 'x-ms-range': 'bytes=2-4' } })
  expect([middle.status, middle.headers.get('content-range'), await middle.text()]).toEqual([
    206,
    'bytes 2-4/10',
    '234',
  ])
  const tail = await fetch(url, { headers: { range: 'bytes=8-' } })
  expect(await tail.text()).toBe('89')
  const beyond = await fetch(url, { headers: { range: 'bytes=10-11' } })
  expect(errorCode(beyond)).toBe('416 InvalidRange')
})

test('an empty blob is a blob', async () => {
  await using github = await startGithub()
  await stored(github, 'k', '')
  const got = await fetch(await downloadUrl(github, 'k'))
  expect([got.status, await got.text()]).toEqual([200, ''])
})

test('an upload that breaks off is no upload', async () => {
  await using github = await startGithub()
  const url = await reservedBlob(github, 'k')
  const headers = { 'x-ms-blob-type': 'BlockBlob', 'content-length': '1000000' }

  const upload = request(url, { method: 'PUT', headers })
  upload.on('error', () => {})
  const broken = new Promise((resolve) => upload.once('close', resolve))
  upload.write(Buffer.alloc(100_000))
  await expect.poll(() => github.requests.at(-1)?.operation).toBe('PutBlob')
  upload.destroy()
  await broken

  expect((await finalized(github, 'k', 100_000)).body).toMatchObject({ ok: false })
  expect(github.requests.find(({ operation }) => operation === 'PutBlob')?.status).toBeUndefined()
})

test('what is no operation of a block blob is refused', async () => {
  await using github = await startGithub()
  const url = await reservedBlob(github, 'k')
  expect(errorCode(await fetch(url, { method: 'PUT', body: 'bytes' }))).toBe('400 MissingRequiredHeader')
  expect(errorCode(await fetch(url, { method: 'DELETE' }))).toBe('400 UnsupportedHttpVerb')
  expect(errorCode(await fetch(`${url}&comp=lease`, { method: 'PUT', body: '' }))).toBe('400 UnsupportedHttpVerb')
})
