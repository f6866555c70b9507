import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer as createProxy } from 'node:http'
import { createServer } from 'node:https'
import { type AddressInfo, connect, createServer as createSilent, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { run } from '../ground/command.ts'
import { need } from '../ground/need.ts'
import { debianPackages } from '../ground/packages.ts'
import { whyNoTools } from './part.ts'

const BYTES = Buffer.from('what a release holds')
/** A name that is nobody's, so that only a proxy can lead there. */
const HOST = 'releases.test'

let folder: string

beforeEach((context) => need(context, 'tools', whyNoTools()))

beforeAll(async () => {
  if (whyNoTools() !== undefined) return
  await debianPackages('openssl')
  folder = mkdtempSync(join(tmpdir(), 'rust-deploy-proxy-'))
  const subject = ['-subj', `/CN=${HOST}`, '-addext', `subjectAltName=DNS:${HOST}`]
  const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')]
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject, ...files], {
    stdio: 'ignore',
  })
})

afterAll(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true })
})

/** A server over https, and the proxy that leads to it. */
async function behindProxy(login?: string) {
  const pem = { key: readFileSync(join(folder, 'key.pem')), cert: readFileSync(join(folder, 'cert.pem')) }
  const server = createServer(pem, (_, response) => response.end(BYTES))
  const origin = await listening(server)
  const connected: string[] = []
  const proxy = createProxy()
  proxy.on('connect', (request, socket) => {
    const expected = login && `Basic ${Buffer.from(login).toString('base64')}`
    if (request.headers['proxy-authorization'] !== expected) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
      return
    }
    connected.push(request.url ?? '')
    const through = connect(origin, '127.0.0.1', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'))
    through.on('error', () => socket.destroy())
    socket.on('error', () => through.destroy())
    through.pipe(socket).pipe(through)
  })
  const port = await listening(proxy)
  return {
    port,
    connected,
    [Symbol.asyncDispose]: async () => {
      await closed(proxy)
      await closed(server)
    },
  }
}

const sockets = new WeakMap<Server, Set<Socket>>()

async function listening(server: Server): Promise<number> {
  const all = new Set<Socket>()
  sockets.set(server, all)
  server.on('connection', (socket) => all.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** A server forgets the connections that it gave away, and waits for them all the same. */
async function closed(server: Server): Promise<void> {
  for (const socket of sockets.get(server) ?? []) socket.destroy()
  await new Promise((resolve) => server.close(resolve))
}

/** In a process of its own, since proxies and certificates are what a process starts with. */
async function downloaded(more: Record<string, string>, silentMs = 10_000): Promise<unknown> {
  const module = join(import.meta.dirname, '../../../src/toolchain/download/download.ts')
  const program = `
    import { download } from ${JSON.stringify(module)}
    const log = { info() {}, output() {}, finding() {} }
    const url = new URL('https://${HOST}/file')
    const patience = { silentMs: ${silentMs}, totalMs: 30_000, pauseMs: 1 }
    const got = await download({ url, file: ${JSON.stringify(join(folder, 'file'))}, log, signal: new AbortController().signal, patience })
    console.log(JSON.stringify(got))`
  const env = { PATH: process.env['PATH'], NODE_EXTRA_CA_CERTS: join(folder, 'cert.pem'), ...more }
  return JSON.parse(await run([process.execPath, '--input-type=module', '--eval', program], { env }))
}

const DONE = { kind: 'done', sha256: createHash('sha256').update(BYTES).digest('hex') }

test('a download goes through the proxy of the environment, with https all the way', async () => {
  await using proxy = await behindProxy()
  expect(await downloaded({ HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` })).toEqual(DONE)
  expect(proxy.connected).toEqual([`${HOST}:443`])
})

test('a proxy that wants a login gets it, and one that refuses is a reason', async () => {
  await using proxy = await behindProxy('user:secret')
  expect(await downloaded({ https_proxy: `http://user:secret@127.0.0.1:${proxy.port}` })).toEqual(DONE)
  expect(await downloaded({ https_proxy: `http://127.0.0.1:${proxy.port}` })).toMatchObject({
    kind: 'unreachable',
    why: `the proxy 127.0.0.1:${proxy.port} answered with status 407`,
  })
})

test('a certificate that nobody vouches for is a reason', async () => {
  await using proxy = await behindProxy()
  const strict = { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, NODE_EXTRA_CA_CERTS: '' }
  expect(await downloaded(strict)).toMatchObject({ kind: 'unreachable', why: expect.stringMatching(/certificate/) })
})

test('a proxy that never answers is given up', async () => {
  const silent = createSilent(() => {})
  const port = await listening(silent)
  try {
    const got = await downloaded({ HTTPS_PROXY: `http://127.0.0.1:${port}` }, 200)
    expect(got).toEqual({ kind: 'unreachable', why: 'it said nothing for 0.2 seconds' })
  } finally {
    await closed(silent)
  }
})
