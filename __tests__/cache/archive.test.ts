import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ARCHIVE, type ArchiveOptions, pack, packArguments, unpack, unpackArguments } from '../../src/cache/archive.ts'
import { madeTree } from './made-tree.ts'

const { signal } = new AbortController()

const options = (place: string, more: Partial<ArchiveOptions> = {}): ArchiveOptions => ({
  place,
  environment: { PATH: process.env['PATH'] },
  signal,
  ...more,
})

/** Times that a rounding would change, as nanoseconds since 1970. */
const nanoseconds = (path: string) => statSync(path, { bigint: true }).mtimeNs

test('what goes in comes out with its times to the nanosecond, its rights and its links', async () => {
  using tree = madeTree({
    'release/deps/liba.rlib': 'bytes',
    'release/build/a/out/lib.so': '-> lib.so.1',
    'release/build/a/out/lib.so.1': 'so',
    'release/build/a/script': 'script',
    'left/out': '',
  })
  using place = madeTree()
  using out = madeTree()
  chmodSync(join(tree.folder, 'release/build/a/script'), 0o755)
  linkSync(join(tree.folder, 'release/build/a/script'), join(tree.folder, 'release/build/a/same'))
  mkdirSync(join(tree.folder, '-x'))
  writeFileSync(join(tree.folder, '-x/\n odd "name" %0A'), 'odd')
  utimesSync(join(tree.folder, 'release/build/a'), 1_500_000_000.123456, 1_500_000_000.123456)

  await pack(tree.folder, ['release/deps/liba.rlib', 'release/build/a', '-x'], options(place.folder))
  await unpack(join(out.folder, 'new'), options(place.folder))

  const [from, to] = [tree.folder, join(out.folder, 'new')]
  for (const path of ['release/deps/liba.rlib', 'release/build/a', 'release/build/a/script', '-x/\n odd "name" %0A']) {
    expect(nanoseconds(join(to, path)), path).toBe(nanoseconds(join(from, path)))
  }
  expect(nanoseconds(join(from, 'release/deps/liba.rlib')) % 1000n).not.toBe(0n)
  expect(readFileSync(join(to, 'release/build/a/out/lib.so'), 'utf8')).toBe('so')
  expect(statSync(join(to, 'release/build/a/same')).mode & 0o777).toBe(0o755)
  expect(existsSync(join(to, 'left'))).toBe(false)
})

test('a machine without zstd packs with gzip, and either is known by its first bytes', async () => {
  using tree = madeTree({ 'deps/a': 'bytes' })
  using place = madeTree()
  using bin = madeTree()
  for (const name of ['tar', 'gzip']) {
    const path = execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim()
    writeFileSync(join(bin.folder, name), `#!/bin/sh\nexec ${path} "$@"\n`, { mode: 0o755 })
  }
  await pack(tree.folder, ['deps'], options(place.folder, { environment: { PATH: bin.folder } }))
  expect(readFileSync(join(place.folder, ARCHIVE)).subarray(0, 2).toString('hex')).toBe('1f8b')
  await unpack(join(bin.folder, 'out'), options(place.folder))
  expect(readFileSync(join(bin.folder, 'out/deps/a'), 'utf8')).toBe('bytes')
})

test('the arguments', () => {
  expect(packArguments('/build', false)).toEqual([
    ...['--create', '--format=pax', '--file', ARCHIVE, '--gzip'],
    ...['--directory', '/build', '--null', '--files-from', 'entries'],
  ])
  expect(packArguments('/build', true)).toContain('zstd -T0 -9 --long=27')
  const args = unpackArguments('/out', Buffer.from('28b52ffd', 'hex'))
  expect(args).toContain('zstd -d --long=27')
  expect(args.join(' ')).not.toMatch(/-P|absolute-names/)
  expect(() => unpackArguments('/out', Buffer.from(''))).toThrow('what came is no archive of rust-deploy')
})

test('half an archive, a flipped byte, and something else are each an error', async () => {
  using tree = madeTree({
    'deps/a': 'x'.repeat(100_000),
    'deps/b': readFileSync(process.execPath, 'latin1').slice(0, 1e6),
  })
  using place = madeTree()
  await pack(tree.folder, ['deps'], options(place.folder))
  const path = join(place.folder, ARCHIVE)
  const whole = readFileSync(path)
  const flipped = Buffer.from(whole)
  flipped.writeUInt8(flipped.readUInt8(whole.length - 3) ^ 0xff, whole.length - 3)
  for (const bytes of [whole.subarray(0, whole.length / 2), flipped]) {
    writeFileSync(path, bytes)
    await expect(unpack(join(tree.folder, 'out'), options(place.folder))).rejects.toThrow(/^tar ended with 2: /)
  }
  writeFileSync(path, 'a page of a proxy')
  await expect(unpack(join(tree.folder, 'out'), options(place.folder))).rejects.toThrow('no archive of rust-deploy')
})

test('no name and no link in an archive leads out of the folder that it is unpacked into', async () => {
  using evil = madeTree({ 'd/f': 'poison', link: '-> ../../outside', absolute: '-> /tmp/rust-deploy-outside' })
  using place = madeTree()
  using out = madeTree({ 'outside/keep': '' })
  const outside = join(out.folder, 'outside')
  const tar = (...args: string[]) =>
    execFileSync('tar', ['-P', '-C', evil.folder, '--file', join(place.folder, 'x'), ...args])
  tar('-c', '--transform', `s,^d/f$,${outside}/absolute,`, 'd/f')
  tar('-r', '--transform', 's,^d/f$,../outside/dots,', 'd/f')
  tar('-r', 'link')
  tar('-r', '--transform', 's,^d/f$,link/through,', 'd/f')
  tar('-r', '--transform', `s,^link$,${outside}/linked,`, 'link')
  tar('-r', '--transform', 's,^d/f$,deps/good,', 'd/f')
  execFileSync('gzip', ['--force', '--keep', join(place.folder, 'x')])
  execFileSync('mv', [join(place.folder, 'x.gz'), join(place.folder, ARCHIVE)])

  await unpack(join(out.folder, 'staging/in'), options(place.folder)).catch(() => {})
  expect(readdirSync(outside)).toEqual(['keep'])
  expect(readdirSync(out.folder).sort()).toEqual(['outside', 'staging'])
})
