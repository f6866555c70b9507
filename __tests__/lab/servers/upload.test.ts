import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Parameters } from '../../../src/servers/protocol/stdin.ts'
import { removeFolder } from '../../remove-folder.ts'
import { need } from '../ground/need.ts'
import { debianPackages, whyNoDebianRoot } from '../ground/packages.ts'
import { Called, hostScript } from './called.ts'

beforeEach((context) => need(context, 'shells', whyNoDebianRoot()))
beforeAll(async () => {
  if (whyNoDebianRoot() === undefined) await debianPackages('busybox', 'dash', 'strace', 'util-linux', 'zstd')
})

const SCRIPT = hostScript('upload')
const ID = '20261121T074700Z-abc-1.1'

let root = ''
let source = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rust-deploy-upload-'))
  mkdirSync(join(root, '.rust-deploy'))
  mkdirSync(join(root, 'releases'))
  source = mkdtempSync(join(tmpdir(), 'rust-deploy-upload-source-'))
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  writeFileSync(join(root, '.rust-deploy/lease'), `token\nann\n${boot}\n999999999\nnow\n${ID}\n`)
})
afterEach(() => {
  for (const each of [root, source]) removeFolder(each)
})

const releases = () => readdirSync(join(root, 'releases'))
const inRelease = (name: string, id = ID) => join(root, 'releases', id, name)
const digest = (content: string | Buffer) => createHash('sha256').update(content).digest('hex')

const FILES: Record<string, string> = {
  hello: '#!/bin/sh\necho hello\n',
  env: 'SECRET=x\n',
  'static/a file.txt': 'a\n',
}

/** The archive of a release, and what is to be said of it. */
function made(files = FILES, linked: readonly string[] = []) {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(source, name)), { recursive: true })
    writeFileSync(join(source, name), content, { mode: name === 'env' ? 0o600 : name === 'hello' ? 0o755 : 0o644 })
  }
  const sums = Object.entries(files).map(([name, content]) => `${digest(content)}  ./${name}\n`)
  writeFileSync(join(source, 'SHA256SUMS'), sums.join(''))
  const sent = [...Object.keys(files), 'SHA256SUMS'].filter((name) => !linked.includes(name))
  const archive = execFileSync('tar', ['--create', '--owner=0', '--group=0', ...sent], { cwd: source })
  return { archive, sums: digest(sums.join('')) }
}

function upload(archive: Uint8Array, sums: string, more: Parameters = {}, shell = '/bin/sh', script = SCRIPT) {
  const parameters = { root, token: 'token', release: ID, packing: 'none', sums, from: '', links: '0', ...more }
  const call = new Called(script, parameters, shell)
  call.say(archive)
  return call
}

describe.each(['dash', 'bash --posix', 'busybox sh'])('by %s', (shell) => {
  test.each([
    ['none', (archive: Buffer) => archive],
    ['gzip', (archive: Buffer) => gzipSync(archive)],
    ['zstd', (archive: Buffer) => execFileSync('zstd', ['-qc'], { input: archive })],
  ])('a release arrives whole, with its modes, packed with %s', async (packing, pack) => {
    const { archive, sums } = made()
    const end = await upload(pack(archive), sums, { packing }, shell).end()
    expect(end).toMatchObject({
      kind: 'done',
      events: [{ event: 'uploaded', release: ID }, { event: 'end' }],
      said: '',
    })
    for (const [name, content] of Object.entries(FILES)) expect(readFileSync(inRelease(name), 'utf8')).toBe(content)
    expect(['hello', 'env'].map((name) => statSync(inRelease(name)).mode & 0o777)).toEqual([0o755, 0o600])
    expect(releases()).toEqual([ID])
  })

  test('what is cut off, changed or too much is no release', async () => {
    const { archive, sums } = made()
    const changed = Buffer.from(archive)
    changed[changed.indexOf('echo hello')] = 0x45
    const more = execFileSync('tar', ['--create', '--transform', 's/SHA256SUMS/extra/', 'SHA256SUMS'], { cwd: source })
    const whys = []
    for (const each of [
      archive.subarray(0, archive.length - 9000),
      archive.subarray(0, 700),
      Buffer.alloc(0),
      changed,
      Buffer.concat([archive.subarray(0, -10240), more]),
    ]) {
      const end = await upload(each, sums, {}, shell).end()
      whys.push(end.kind === 'failed' ? end.why : end.kind)
    }
    expect(whys).toEqual([
      expect.stringMatching(/could not be unpacked|SHA256SUMS is not the one/),
      expect.stringMatching(/could not be unpacked|SHA256SUMS is not the one/),
      expect.stringMatching(/could not be unpacked|SHA256SUMS is not the one/),
      expect.stringMatching(/^these are not as they were sent: .*hello/),
      expect.any(String),
    ])
    expect(releases()).toEqual([])
  })
})

test('what the host has already is linked and proved, not sent', async () => {
  const first = made()
  await upload(first.archive, first.sums).end()
  const id = ID.replace('1.1', '2.1')
  const again = made(FILES, ['hello', 'static/a file.txt'])
  // Only what is in a folder that was sent can be linked into it.
  const links = { from: ID, links: '1', link_1: 'hello' }
  const rest = execFileSync('tar', ['--create', 'env', 'static/a file.txt', 'SHA256SUMS'], { cwd: source })
  expect(await upload(rest, again.sums, { ...links, release: id }).end()).toMatchObject({ kind: 'done' })
  expect(lstatSync(inRelease('hello', id)).ino).toBe(lstatSync(inRelease('hello')).ino)

  writeFileSync(inRelease('hello'), 'changed')
  const third = ID.replace('1.1', '3.1')
  expect(await upload(rest, again.sums, { ...links, release: third }).end()).toMatchObject({
    kind: 'failed',
    why: expect.stringMatching(/^these are not as they were sent: .*hello/),
  })
  expect(await upload(rest, again.sums, { ...links, from: 'gone', release: third }).end()).toMatchObject({
    kind: 'failed',
    why: 'hello of release gone is not there any more',
  })
  expect(releases()).toEqual([ID, id])
})

test('an upload that dies leaves nothing that counts, and the next one is clean', async () => {
  const { archive, sums } = made()
  await using dying = upload(archive.subarray(0, 3000), sums)
  for (let tries = 0; tries < 500 && !existsSync(join(root, 'releases', `.incoming-${ID}`)); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  dying.kill()
  await dying.ended
  expect(existsSync(inRelease(''))).toBe(false)
  writeFileSync(join(root, 'releases', `.incoming-${ID}`, 'stale'), 'x')
  expect(await upload(archive, sums).end()).toMatchObject({ kind: 'done' })
  expect(existsSync(inRelease('stale'))).toBe(false)
})

test('without the lease, or with a name that is taken, nothing is touched', async () => {
  const { archive, sums } = made()
  expect(await upload(archive, sums, { token: 'other' }).end()).toMatchObject({ kind: 'refused', code: 'lease-lost' })
  expect(releases()).toEqual([])
  expect(await upload(archive, sums).end()).toMatchObject({ kind: 'done' })
  expect(await upload(archive, sums).end()).toMatchObject({ kind: 'refused', code: 'release-exists' })
})

test('a hostile archive reaches nothing outside', async () => {
  writeFileSync(join(source, 'evil'), 'x')
  symlinkSync('/etc', join(source, 'way'))
  const outside = join(root, 'outside')
  const archive = execFileSync(
    'tar',
    ['--create', '-P', '--transform', `s,^evil$,${outside},`, '--transform', 's,^way$,../../way,S', 'evil', 'way'],
    { cwd: source },
  )
  const end = await upload(archive, digest('')).end()
  expect(end.kind).toBe('failed')
  expect([existsSync(outside), existsSync(join(root, 'way')), releases()]).toEqual([false, false, []])
})

test('everything is on the disk before it has its name', async () => {
  const { archive, sums } = made()
  const trace = join(source, 'trace')
  const traced = `strace -f -y -qq -e trace=fsync,fdatasync,syncfs,sync,rename,renameat,renameat2 -o ${trace} /bin/sh`
  expect(await upload(archive, sums, {}, traced).end()).toMatchObject({ kind: 'done' })
  const lines = readFileSync(trace, 'utf8').split('\n')
  const named = lines.findIndex((line) => /rename/.test(line) && line.includes(`releases/${ID}"`))
  const synced = (name: string) => lines.findIndex((line) => /sync\(/.test(line) && line.includes(name))
  expect(named).toBeGreaterThan(0)
  for (const name of [...Object.keys(FILES), 'SHA256SUMS']) {
    expect(synced(`.incoming-${ID}/${name}>`)).toBeGreaterThanOrEqual(0)
    expect(synced(`.incoming-${ID}/${name}>`)).toBeLessThan(named)
  }
  expect(lines.findLastIndex((line) => /sync\(/.test(line) && line.includes('/releases>'))).toBeGreaterThan(named)
})
