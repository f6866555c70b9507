import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ARCHIVE, pack } from '../../../src/cache/archive.ts'
import { restoreCache } from '../../../src/cache/store.ts'
import { textOf } from '../../../src/json/narrow.ts'
import { madeTree } from '../../cache/made-tree.ts'
import { type Github, startGithub } from '../github/github.ts'
import { ask, putBlob } from '../github/judge/direct.ts'
import { Job } from './store-options.ts'

const HASH = 'aaaaaaaaaaaaaaaa'
const INSIDE = `release/deps/libitoa-${HASH}.rlib`

/** Stores an archive as whoever may write the cache can do it, without our program. */
async function plant(github: Github, archive: string): Promise<void> {
  const bytes = readFileSync(archive)
  // What the toolkit asks for: the path, how it is compressed, and its salt.
  const version = createHash('sha256').update(`${ARCHIVE}|zstd-without-long|1.0`).digest('hex')
  const entry = { key: 'deps-1', version }
  const { body } = await ask(github.env(), 'CacheService', 'CreateCacheEntry', entry)
  await putBlob(textOf(body['signed_upload_url']), Uint8Array.from(bytes))
  const size = { ...entry, size_bytes: String(bytes.length) }
  const { body: end } = await ask(github.env(), 'CacheService', 'FinalizeCacheEntryUpload', size)
  expect(end['ok']).toBe(true)
}

/** Makes tar files as only an attacker would: names and links that lead out of wherever they are unpacked. */
function tarred(job: Job, add: (tar: (...args: string[]) => void) => void): string {
  const path = job.path('evil.tar')
  add((...args) => execFileSync('tar', ['-P', '--append', '--file', path, ...args]))
  execFileSync('zstd', ['--quiet', '--rm', path])
  return `${path}.zst`
}

/** Everything that lies outside of what was to be written, and must stay as it is. */
const outsideOf = (job: Job) => readdirSync(job.path('outside'), { recursive: true, encoding: 'utf8' }).sort()

function attacked(services: Record<string, string>): Job {
  const job = new Job(services)
  execFileSync('mkdir', [job.path('outside')])
  execFileSync('sh', ['-c', 'echo own > "$0"', job.path('outside/authorized_keys')])
  return job
}

test('names and links of the outer archive, which the toolkit unpacks wherever they say, become one harmless file', async () => {
  await using github = await startGithub()
  using job = attacked(github.env())
  using evil = madeTree({ 'd/f': 'poison', link: `-> ${job.path('outside')}`, up: '-> ../../outside' })
  const [outside, at] = [job.path('outside'), ['-C', evil.folder]]
  const archive = tarred(job, (tar) => {
    tar(...at, '--transform', `s,^d/f$,${outside}/authorized_keys,`, 'd/f')
    tar(...at, '--transform', 's,^d/f$,../outside/dots,', 'd/f')
    tar(...at, '--transform', 's,^d/f$,../staging/dots,', 'd/f')
    tar(...at, '--transform', 's,^d/f$,answer.json,', 'd/f')
    tar(...at, 'link', 'up')
    tar(...at, '--transform', 's,^d/f$,link/through,', 'd/f')
    tar(...at, '--transform', 's,^d/f$,up/through,', 'd/f')
    tar(...at, '--transform', `s,^link$,${ARCHIVE},`, 'link')
    tar(...at, 'd')
    tar(...at, '--transform', `s,^d/f$,${ARCHIVE},`, 'd/f')
  })
  await plant(github, archive)
  const end = await restoreCache(job.restore(job.path('target'), 'deps-1'))
  expect(end.hit).toBe('none')
  expect(job.findings).toHaveLength(1)
  expect(outsideOf(job)).toEqual(['authorized_keys'])
  expect(readFileSync(job.path('outside/authorized_keys'), 'utf8')).toBe('own\n')
  expect(readdirSync(job.folder).sort()).toEqual(['evil.tar.zst', 'outside'])
})

test.each([
  ['a pipe', (folder: string) => execFileSync('mkfifo', [join(folder, ARCHIVE)])],
  ['a folder', (folder: string) => execFileSync('mkdir', [join(folder, ARCHIVE)])],
  ['a link to a file', (folder: string) => execFileSync('ln', ['-s', '/etc/hostname', join(folder, ARCHIVE)])],
  ['no archive', (folder: string) => execFileSync('cp', ['/etc/hostname', join(folder, ARCHIVE)])],
])('%s in the place of the archive is no archive', async (_, make) => {
  await using github = await startGithub()
  using job = attacked(github.env())
  using evil = madeTree()
  make(evil.folder)
  await plant(
    github,
    tarred(job, (tar) => tar('-C', evil.folder, ARCHIVE)),
  )
  const end = await restoreCache(job.restore(job.path('target'), 'deps-1'))
  expect(end).toMatchObject({ hit: 'none', why: 'what came is no archive of rust-deploy' })
  expect(existsSync(job.path('target'))).toBe(false)
})

test('of the inner archive only what has the shape of a unit reaches the build directory, and nothing reaches further', async () => {
  await using github = await startGithub()
  using job = attacked(github.env())
  using evil = madeTree({
    [INSIDE]: 'good',
    'release/app': 'a program that nobody built',
    'release/deps/app': 'a program that nobody built',
    '.cargo/config.toml': '[build]\nrustc-wrapper = "evil"\n',
    '.rustc_info.json': '{}',
    [`release/deps/liblink-${HASH}.rlib`]: `-> ${job.path('outside/authorized_keys')}`,
    [`debug/deps`]: `-> ${job.path('outside')}`,
    [`target`]: `-> ${job.path('outside')}`,
  })
  using outer = madeTree()
  await pack(evil.folder, ['.'], {
    place: outer.folder,
    environment: { PATH: process.env['PATH'] },
    signal: new AbortController().signal,
  })
  await plant(
    github,
    tarred(job, (tar) => tar('-C', outer.folder, ARCHIVE)),
  )
  expect(await restoreCache(job.restore(job.path('target'), 'deps-1'))).toMatchObject({ hit: 'exact' })
  const files = readdirSync(job.path('target'), { recursive: true, encoding: 'utf8' }).sort()
  expect(files).toEqual(['release', 'release/deps', INSIDE])
  expect(outsideOf(job)).toEqual(['authorized_keys'])
})
