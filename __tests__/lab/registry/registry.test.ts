import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { removeFolder } from '../../remove-folder.ts'
import { abandoned, isThere } from '../ground/abandoned.ts'
import { attempt } from '../ground/command.ts'
import { ownedFolder, runningFolder } from '../ground/folders.ts'
import { need } from '../ground/need.ts'
import { registryPart } from './part.ts'
import { type Registry, startRegistry, whyNoRegistry } from './registry.ts'
import { smallImage } from './small-image.ts'

let folder = ''
beforeEach((context) => {
  need(context, 'registry', whyNoRegistry())
  folder = mkdtempSync(join(tmpdir(), 'registry-'))
})
afterEach(() => removeFolder(folder))

function basic(username: string, password: string): RequestInit {
  return { headers: { authorization: `Basic ${btoa(`${username}:${password}`)}` } }
}

function copy(from: string, to: string, ...options: string[]): ReturnType<typeof attempt> {
  return attempt(['skopeo', '--insecure-policy', 'copy', '-q', ...options, from, to])
}

function digestOf(layout: string): unknown {
  return JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')).manifests[0].digest
}

describe('an open registry', () => {
  test('gives back an image under the digest that it was pushed with, also to another client', async () => {
    await using registry = await startRegistry()
    expect(registry).toMatchObject({ username: '', password: '' })
    const digest = await smallImage(join(folder, 'in'), 'hello')
    const there = `docker://${registry.host}/team/app:1`
    expect(await copy(`oci:${folder}/in`, there, '--dest-tls-verify=false')).toMatchObject({ code: 0 })
    expect(await copy(there, `oci:${folder}/out`, '--src-tls-verify=false')).toMatchObject({ code: 0 })
    expect(digestOf(join(folder, 'out'))).toBe(digest)

    const manifest = await fetch(`${registry.url}/v2/team/app/manifests/1`, {
      headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
    })
    expect(manifest.headers.get('docker-content-digest')).toBe(digest)
    expect((await fetch(`${registry.url}/v2/team/app/manifests/2`)).status).toBe(404)
    expect(registry.log.join('\n')).toContain('"PUT /v2/team/app/manifests/1 HTTP/1.1" 201')
  })

  test('refuses a blob whose bytes are not those of its digest', async () => {
    await using registry = await startRegistry()
    const push = async (content: string) => {
      const began = await fetch(`${registry.url}/v2/app/blobs/uploads/`, { method: 'POST' })
      const place = new URL(began.headers.get('location') ?? '')
      place.searchParams.set('digest', `sha256:${createHash('sha256').update('the layer').digest('hex')}`)
      const headers = { 'content-type': 'application/octet-stream' }
      return (await fetch(place, { method: 'PUT', body: content, headers })).status
    }
    expect(await push('another layer')).toBe(400)
    expect(await push('the layer')).toBe(201)
  })

  test('two have nothing in common', async () => {
    await using one = await startRegistry()
    await using other = await startRegistry()
    await smallImage(join(folder, 'in'), 'hello')
    await copy(`oci:${folder}/in`, `docker://${one.host}/app:1`, '--dest-tls-verify=false')
    const repositories = async ({ url }: Registry) => (await fetch(`${url}/v2/_catalog`)).json()
    expect(await repositories(one)).toEqual({ repositories: ['app'] })
    expect(await repositories(other)).toEqual({ repositories: [] })
  })
})

test('with htpasswd only who knows the password reads and writes', async () => {
  await using registry = await startRegistry({ auth: 'htpasswd' })
  const { host, url, username, password } = registry
  const nobody = await fetch(`${url}/v2/`)
  expect([nobody.status, nobody.headers.get('www-authenticate')]).toEqual([401, 'Basic realm="lab"'])
  expect((await fetch(`${url}/v2/`, basic(username, `${password}!`))).status).toBe(401)
  expect((await fetch(`${url}/v2/`, basic('root', password))).status).toBe(401)
  expect((await fetch(`${url}/v2/`, basic(username, password))).status).toBe(200)

  await smallImage(join(folder, 'in'), 'hello')
  const push = (secret: string) =>
    copy(
      `oci:${folder}/in`,
      `docker://${host}/app:1`,
      '--dest-tls-verify=false',
      '--dest-creds',
      `${username}:${secret}`,
    )
  const refused = await push('wrong')
  expect(refused.code).not.toBe(0)
  expect(refused.stderr).toMatch(/unauthorized|invalid username\/password/)
  expect(await push(password)).toMatchObject({ code: 0 })
})

test('nothing of it is left at the end', async () => {
  // Other tests have registries too.
  const mine = `registry-${process.pid.toString(36)}`
  const left = () =>
    [runningFolder(), ownedFolder()].flatMap((path) => readdirSync(path)).filter((name) => name.startsWith(mine))
  let url = ''
  {
    await using registry = await startRegistry()
    url = registry.url
    expect(left()).toHaveLength(2)
  }
  await expect(fetch(url)).rejects.toThrow()
  expect(left()).toEqual([])
})

test('when its owner was killed with SIGKILL, the next one ends it and removes what it left', async () => {
  const holdings = await abandoned(`
    import { startRegistry } from ${JSON.stringify(join(import.meta.dirname, 'registry.ts'))}
    const registry = await startRegistry()
    console.log(registry.url)
    setInterval(() => {}, 1000)`)
  expect(holdings.map(({ kind }) => kind)).toEqual(['folder', 'process'])
  await using _next = await startRegistry()
  expect(holdings.filter(isThere)).toEqual([])
})

test('a developer is told how to look into it', async () => {
  await registryPart.prepare()
  await using shown = await registryPart.show(['htpasswd'])
  const command = shown.lines.find((line) => line.includes('skopeo')) ?? ''
  const [skopeo = '', ...args] = command.trim().split(' ')
  // There is no such name yet, but the login was right.
  expect((await attempt([skopeo, ...args])).stderr).toContain('404')
})
