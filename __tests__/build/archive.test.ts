import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { packArchive } from '../../src/build/archive.ts'
import { sha256Of } from '../../src/build/digest.ts'
import { sumsOf } from '../../src/build/sums.ts'
import { headerOf } from '../../src/build/tar.ts'
import { removeFolder } from '../remove-folder.ts'

let place = ''

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'rust-deploy-archive-'))
})

afterEach(() => removeFolder(place))

const TIME = 1_700_000_000

function file(name: string, content = 'content', mode = 0o644) {
  const path = join(place, name)
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, content, { mode })
  return { path, name, mode }
}

const pack = (files: readonly { path: string; name: string; mode: number }[], more = {}) =>
  packArchive({
    folder: join(place, 'out'),
    binary: {
      name: 'hello',
      version: '1.2.3',
      target: 'x86_64-unknown-linux-musl',
      path: file('bin/hello', 'ELF').path,
    },
    files,
    time: TIME,
    signal: new AbortController().signal,
    ...more,
  })

const sh = (file: string, args: readonly string[], cwd = place) =>
  execFileSync(file, args, {
    cwd,
    encoding: 'utf8',
    stdio: 'pipe',
    env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
  })

test('tar unpacks it: one folder, the binary and its files with their modes, and nothing of this machine', async () => {
  const path = await pack([
    file('README.md'),
    file('migrations/1.sql'),
    file('migrations/deep/2.sql'),
    file('run.sh', '#!', 0o755),
  ])
  expect(basename(path)).toBe('hello-1.2.3-x86_64-unknown-linux-musl.tar.gz')
  sh('gzip', ['--test', path])
  const shown = sh('tar', ['--list', '--verbose', '--numeric-owner', '--full-time', '-f', path]).trim().split('\n')
  const top = 'hello-1.2.3-x86_64-unknown-linux-musl'
  expect(shown.map((line) => line.replace(/ +/g, ' '))).toEqual([
    `drwxr-xr-x 0/0 0 2023-11-14 22:13:20 ${top}/`,
    `-rw-r--r-- 0/0 7 2023-11-14 22:13:20 ${top}/README.md`,
    `-rwxr-xr-x 0/0 3 2023-11-14 22:13:20 ${top}/hello`,
    `drwxr-xr-x 0/0 0 2023-11-14 22:13:20 ${top}/migrations/`,
    `-rw-r--r-- 0/0 7 2023-11-14 22:13:20 ${top}/migrations/1.sql`,
    `drwxr-xr-x 0/0 0 2023-11-14 22:13:20 ${top}/migrations/deep/`,
    `-rw-r--r-- 0/0 7 2023-11-14 22:13:20 ${top}/migrations/deep/2.sql`,
    `-rwxr-xr-x 0/0 2 2023-11-14 22:13:20 ${top}/run.sh`,
  ])
  sh('tar', ['--extract', '-f', path])
  expect(readFileSync(join(place, top, 'migrations/deep/2.sql'), 'utf8')).toBe('content')
  // Neither a name nor a time in the header of gzip.
  expect(readFileSync(path).subarray(3, 8)).toEqual(Buffer.alloc(5))
})

test('the same bytes from other folders, at other times, in another order', async () => {
  const files = [file('a', 'x'.repeat(300_000)), file('b/c'), file('z')]
  const first = readFileSync(await pack(files))
  for (const { path } of files) utimesSync(path, 1, 1)
  const again = await packArchive({
    folder: join(place, 'elsewhere', 'out'),
    binary: {
      name: 'hello',
      version: '1.2.3',
      target: 'x86_64-unknown-linux-musl',
      path: file('other/hello', 'ELF', 0o600).path,
    },
    files: files.toReversed(),
    time: TIME,
    signal: new AbortController().signal,
  })
  expect(readFileSync(again).equals(first)).toBe(true)
})

const long = `${'deep/'.repeat(60)}${'n'.repeat(200)}`
const ODD = [
  'häßlich ☃.txt',
  'two\nlines',
  'tab\tand "quotes" \\ back',
  '-rf',
  '::error::',
  long,
  'x'.repeat(98),
  'x'.repeat(99),
]

test.each(ODD)('the name %j comes back as it is', async (name) => {
  sh('tar', ['--extract', '-f', await pack([file(name, `of ${name}`)])])
  expect(readFileSync(join(place, 'hello-1.2.3-x86_64-unknown-linux-musl', name), 'utf8')).toBe(`of ${name}`)
})

test('a record whose length needs one digit more because of itself', async () => {
  const names = Array.from({ length: 60 }, (_, length) => `é${'x'.repeat(length + 20)}`)
  const path = await pack(names.map((name) => ({ ...file(name), name })))
  sh('tar', ['--extract', '-f', path])
  for (const name of names) expect(existsSync(join(place, 'hello-1.2.3-x86_64-unknown-linux-musl', name))).toBe(true)
})

test('a size beyond 8 GiB is written where tar looks for it', async () => {
  const size = 8 * 1024 ** 3 + 1
  const sparse = join(place, 'big')
  writeFileSync(sparse, '')
  truncateSync(sparse, size)
  const header = join(place, 'header.tar')
  writeFileSync(header, headerOf({ kind: 'file', name: 'big', size, mode: 0o644, time: 0 }))
  // The listing needs no more than the header, and then says that the rest is missing.
  expect(() => sh('tar', ['--list', '--verbose', '-f', header])).toThrow(
    expect.objectContaining({ stdout: expect.stringContaining(` ${size} `) }),
  )
})

test.skipIf(process.platform !== 'linux')('a file that is not as long as it said is no member', async () => {
  // What the kernel writes while it is read has no size before.
  const growing = { path: '/proc/self/status', name: 'status', mode: 0o644 }
  await expect(pack([growing])).rejects.toThrow('/proc/self/status changed while it was being packed')
  expect(readdirSync(join(place, 'out'))).toEqual([])
})

test('a place that is taken twice is refused before anything is written', async () => {
  await expect(pack([file('hello')])).rejects.toThrow('the binary `hello` is to stand there')
  await expect(pack([{ ...file('x'), name: 'hello/x' }])).rejects.toThrow('leave it out with `!hello/x`')
  expect(existsSync(join(place, 'out'))).toBe(false)
})

test('what cannot be written leaves nothing behind', async () => {
  writeFileSync(join(place, 'out'), 'a file where the folder should be')
  await expect(pack([])).rejects.toThrow(
    /^The archive .* could not be written \((EEXIST|ENOTDIR).*\): something else is in its place.*\.$/,
  )
  rmSync(join(place, 'out'))
  const gone = { path: join(place, 'gone'), name: 'gone', mode: 0o644 }
  await expect(pack([gone])).rejects.toThrow(
    /^\/.*\/gone could not be packed \(ENOENT.*\): see that it is there, and that this user may read it\.$/,
  )
  const stopped = AbortSignal.abort()
  await expect(pack([file('a')], { signal: stopped })).rejects.toThrow('was stopped')
  expect(readdirSync(join(place, 'out'))).toEqual([])
})

test('sha256sum checks the sums, whatever the names are', async () => {
  const names = ['hello', 'two words', 'two\nlines', 'back\\slash', 'return\r', ' leading', 'häßlich']
  const files = await Promise.all(names.map(async (name) => ({ name, sha256: await sha256Of(file(name, name).path) })))
  writeFileSync(join(place, 'SHA256SUMS'), sumsOf(files))
  expect(sh('sha256sum', ['--check', '--strict', 'SHA256SUMS']).trim().split('\n')).toHaveLength(names.length)
  expect(readFileSync(join(place, 'SHA256SUMS'), 'utf8')).toBe(sh('sha256sum', names))

  writeFileSync(join(place, 'hello'), 'other bytes')
  expect(() => sh('sha256sum', ['--check', '--quiet', 'SHA256SUMS'])).toThrow(
    expect.objectContaining({ stdout: 'hello: FAILED\n' }),
  )
})
