import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Cancelled, Failed } from '../../../src/report/ending.ts'
import { download } from '../../../src/toolchain/download/download.ts'
import { type Answer, type ReleaseServer, startReleaseServer } from '../tools/release-server.ts'

const BYTES = Buffer.from('the very bytes '.repeat(10_000))
const SHA256 = createHash('sha256').update(BYTES).digest('hex')
const SILENT = { silentMs: 100, totalMs: 20_000, pauseMs: 1 }

let server: ReleaseServer
let folder: string
let said: string[]

beforeEach(async () => {
  server = await startReleaseServer()
  folder = mkdtempSync(join(tmpdir(), 'rust-deploy-download-'))
  said = []
})

afterEach(async () => {
  await server[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

function start(path: string, more: Partial<Parameters<typeof download>[0]> = {}) {
  const log = { info: (text: string) => said.push(text), output: () => {}, finding: () => {} }
  return download({
    url: new URL(path, server.url),
    file: join(folder, 'file'),
    log,
    signal: new AbortController().signal,
    patience: { silentMs: 5000, totalMs: 20_000, pauseMs: 1 },
    ...more,
  })
}

function answers(...each: readonly Answer[]): void {
  let asked = 0
  server.answers.set('/file', (request, response) => {
    const answer = each[Math.min(asked++, each.length - 1)]
    if (typeof answer === 'function') answer(request, response)
    else response.end(answer)
  })
}

test('a file comes as it is, with its hash', async () => {
  answers(BYTES)
  expect(await start('/file')).toEqual({ kind: 'done', sha256: SHA256 })
  expect(readFileSync(join(folder, 'file')).equals(BYTES)).toBe(true)
})

test('redirects are followed, to an address of the same server or of another', async () => {
  await using other = await startReleaseServer()
  other.answers.set('/there', BYTES)
  server.answers.set('/first', (_, response) => response.writeHead(302, { location: '/second?x=1' }).end())
  server.answers.set('/second?x=1', (_, response) => response.writeHead(307, { location: `${other.url}/there` }).end())
  expect(await start('/first')).toEqual({ kind: 'done', sha256: SHA256 })
})

test.each([
  ['http://releases.invalid/file', 'it redirects to http://releases.invalid, which is not https'],
  ['ftp://127.0.0.1/file', 'it redirects to ftp://127.0.0.1, which is not https'],
  ['http://[', 'it redirects to no address'],
  ['/file', 'it redirects more than 5 times'],
])('a redirect to %s is not followed for ever, nor into the clear', async (location, why) => {
  answers((_, response) => response.writeHead(302, { location }).end())
  expect(await start('/file')).toEqual({ kind: 'unreachable', why })
})

test.each([404, 403, 304])('status %i is final', async (status) => {
  answers((_, response) => response.writeHead(status).end())
  expect(await start('/file')).toEqual({ kind: 'unreachable', why: `the server answered with status ${status}` })
  expect(server.asked).toHaveLength(1)
})

test.each([500, 503, 429, 408])('status %i passes, and the file is asked for again', async (status) => {
  answers((_, response) => response.writeHead(status).end(), BYTES)
  expect(await start('/file')).toMatchObject({ kind: 'done', sha256: SHA256 })
  expect(said).toEqual([`${server.url}/file: the server answered with status ${status}. Trying again.`])
})

test('a file that breaks off is asked for again, and nothing of the first attempt stays', async () => {
  answers((_, response) => {
    response.writeHead(200, { 'content-length': BYTES.length * 2 })
    response.write(Buffer.concat([BYTES, Buffer.from('more')]), () => response.destroy())
  }, BYTES)
  expect(await start('/file')).toEqual({ kind: 'done', sha256: SHA256 })
  expect(readFileSync(join(folder, 'file')).equals(BYTES)).toBe(true)
})

test('a server that always breaks off is given up', async () => {
  answers((_, response) => {
    response.writeHead(200, { 'content-length': BYTES.length })
    response.write('begun', () => response.destroy())
  })
  expect(await start('/file')).toMatchObject({ kind: 'unreachable' })
  expect(server.asked).toHaveLength(3)
})

test('a server that accepts and never answers is given up', async () => {
  answers(() => {})
  expect(await start('/file', { patience: SILENT })).toEqual({
    kind: 'unreachable',
    why: 'it said nothing for 0.1 seconds',
  })
  expect(server.asked).toHaveLength(3)
})

test('a server that stops in the middle is given up', async () => {
  answers((_, response) => {
    response.writeHead(200, { 'content-length': BYTES.length })
    response.write('begun')
  })
  expect(await start('/file', { patience: SILENT })).toEqual({
    kind: 'unreachable',
    why: 'it said nothing for 0.1 seconds',
  })
})

test('a server that sends a byte now and then is given up, all attempts together', async () => {
  answers((_, response) => {
    response.writeHead(200)
    const drip = setInterval(() => response.write('.'), 10)
    response.once('close', () => clearInterval(drip))
  })
  const patience = { silentMs: 5000, totalMs: 300, pauseMs: 1 }
  expect(await start('/file', { patience })).toEqual({
    kind: 'unreachable',
    why: 'it did not come within 0.3 seconds',
  })
})

test('a port where nobody listens and a name that nobody has are reasons', async () => {
  const { url } = server
  await server[Symbol.asyncDispose]()
  expect(await start('/file', { url: new URL('/file', url) })).toMatchObject({
    kind: 'unreachable',
    why: expect.stringContaining('ECONNREFUSED'),
  })
  expect(await start('/file', { url: new URL('https://releases.invalid/file') })).toMatchObject({
    kind: 'unreachable',
    why: expect.stringContaining('releases.invalid'),
  })
  server = await startReleaseServer()
})

test('a server that does not speak https is a reason', async () => {
  const url = new URL(server.url.replace('http:', 'https:'))
  expect(await start('/file', { url })).toMatchObject({
    kind: 'unreachable',
    why: expect.stringMatching(/SSL|packet/i),
  })
})

test('cancelling ends it, before the answer and in the middle of it', async () => {
  for (const begun of [false, true]) {
    const stop = new AbortController()
    answers((_, response) => {
      if (begun) response.writeHead(200).write('begun')
      setImmediate(() => stop.abort())
    })
    await expect(start('/file', { signal: stop.signal })).rejects.toThrow(Cancelled)
  }
})

test('a file that cannot be written is no reason to ask again', async () => {
  answers(BYTES)
  const file = join(folder, 'not-here', 'file')
  await expect(start('/file', { file })).rejects.toThrow(Failed)
  await expect(start('/file', { file })).rejects.toThrow(`${file} could not be written: ENOENT`)
})
