import { createHash } from 'node:crypto'
import { request } from 'node:http'
import { beforeEach, expect, test } from 'vitest'
import { need } from '../ground/need.ts'
import { rustupPart } from './part.ts'
import { startRustupServer } from './server.ts'

beforeEach((context) => need(context, 'rustup', rustupPart.whyNot()))

test('the part shows a server whose manifest has every archive, each with its true hash', async () => {
  await rustupPart.prepare()
  await using shown = await rustupPart.show([])
  const url = /^export RUSTUP_DIST_SERVER=(.*)$/m.exec(shown.lines.join('\n'))?.[1]
  const manifest = await (await fetch(`${url}/dist/channel-rust-stable.toml`)).text()

  const archives = [...manifest.matchAll(/^url = "https:\/\/static\.rust-lang\.org(.*)"\nhash = "(.*)"$/gm)]
  expect(archives).toHaveLength(7)
  for (const [, path, hash] of archives) {
    const bytes = Buffer.from(await (await fetch(`${url}${path}`)).arrayBuffer())
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(hash)
  }
})

test('only files of the mirror are served', async () => {
  await using server = await startRustupServer()
  for (const path of [
    '/',
    '/dist',
    '/dist/',
    '/../../../../../etc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '//',
    '/%00',
  ]) {
    expect([path, await statusOf(server.url, path)]).toEqual([path, 404])
  }
  expect(await statusOf(server.url, '/dist/channel-rust-stable.toml.sha256')).toBe(200)
})

test('a server that is no longer used answers nobody', async () => {
  const server = await startRustupServer()
  await server[Symbol.asyncDispose]()
  await expect(statusOf(server.url, '/')).rejects.toThrow('ECONNREFUSED')
})

/** The path as it is; `fetch` would tidy it up. */
function statusOf(url: string, path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { path }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    sent.once('error', reject)
    sent.end()
  })
}
