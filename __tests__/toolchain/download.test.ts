import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Cancelled, Failed } from '../../src/report/ending.ts'
import { type DownloadOptions, download } from '../../src/toolchain/download.ts'

const BYTES = Buffer.from('#!/bin/sh\n')
const SHA256 = createHash('sha256').update(BYTES).digest('hex')

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rust-deploy-download-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function serve(listener: RequestListener): Promise<AsyncDisposable & { url: string }> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function get(url: string, more: Partial<DownloadOptions> = {}) {
  const path = join(folder, 'file')
  return download({ url, path, sha256: SHA256, signal: new AbortController().signal, pauses: [0, 0], ...more })
}

test('the expected file arrives, for us alone and ready to be started, also by way of another address', async () => {
  await using server = await serve((request, response) => {
    if (request.url === '/file') response.end(BYTES)
    else response.writeHead(302, { location: `http://${request.headers.host}/file` }).end()
  })
  expect(await get(`${server.url}/elsewhere`)).toEqual({ kind: 'done' })
  expect(readFileSync(join(folder, 'file'))).toEqual(BYTES)
  expect(statSync(join(folder, 'file')).mode & 0o777).toBe(0o700)
})

test('another file is told by its hash, and not asked for again', async () => {
  let asked = 0
  await using server = await serve((_, response) => {
    asked++
    response.end('something else')
  })
  const sha256 = createHash('sha256').update('something else').digest('hex')
  expect(await get(server.url)).toEqual({ kind: 'other', sha256 })
  expect(asked).toBe(1)
})

test.for([
  [404, { kind: 'refused', status: 404 }, 1],
  [403, { kind: 'refused', status: 403 }, 1],
  [429, { kind: 'unreachable', reason: 'it answers with 429' }, 3],
  [503, { kind: 'unreachable', reason: 'it answers with 503' }, 3],
] as const)('a server that answers %d is asked again only where that may help', async ([status, end, times]) => {
  let asked = 0
  await using server = await serve((_, response) => {
    asked++
    response.writeHead(status).end()
  })
  expect(await get(server.url)).toEqual(end)
  expect(asked).toBe(times)
})

test('what was cut off, once with an answer and once without, is brought anew and whole', async () => {
  let asked = 0
  await using server = await serve((request, response) => {
    asked++
    if (asked === 1) return void request.socket.destroy()
    if (asked === 3) return void response.end(BYTES)
    response.writeHead(200, { 'content-length': BYTES.length })
    response.write(BYTES.subarray(0, 4), () => request.socket.destroy())
  })
  expect(await get(server.url)).toEqual({ kind: 'done' })
  expect(readFileSync(join(folder, 'file'))).toEqual(BYTES)
})

test('where nobody listens, the reason is told', async () => {
  const { url, [Symbol.asyncDispose]: stop } = await serve(() => {})
  await stop()
  expect(await get(url)).toMatchObject({ kind: 'unreachable', reason: expect.stringContaining('ECONNREFUSED') })
})

test('a server that is silent, before or in its answer, does not hold anybody who wants to stop', async () => {
  for (const listener of [
    () => {},
    (_, response) => {
      response.writeHead(200, { 'content-length': 10 }).write('half')
    },
  ] satisfies RequestListener[]) {
    const stop = new AbortController()
    await using server = await serve((request, response) => {
      listener(request, response)
      stop.abort()
    })
    await expect(get(server.url, { signal: stop.signal })).rejects.toThrow(Cancelled)
  }
})

test('a place that cannot be written to is told with the remedy, and the server is not blamed', async () => {
  await using server = await serve((_, response) => void response.end(BYTES))
  await expect(get(server.url, { path: join(folder, 'not-here/file') })).rejects.toThrow(Failed)
  await expect(get(server.url, { path: join(folder, 'not-here/file') })).rejects.toThrow(/check the rights/)
})

test.runIf(process.platform === 'linux')('a full disk is called one', async () => {
  await using server = await serve((_, response) => void response.end(BYTES))
  await expect(get(server.url, { path: '/dev/full' })).rejects.toThrow(
    'The disk is full: /dev/full could not be written. Free some space.',
  )
})
