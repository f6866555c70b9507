import { join } from 'node:path'
import { expect, test } from 'vitest'
import { buildEntries, unitOf } from '../../src/cache/entries.ts'
import { marksOf, sweep } from '../../src/cache/sweep.ts'
import type { CacheUnit } from '../../src/cache/units.ts'
import { madeTree } from './made-tree.ts'

const A = 'aaaaaaaaaaaaaaaa'
const B = 'bbbbbbbbbbbbbbbb'
const C = 'cccccccccccccccc'
const TRIPLE = 'x86_64-unknown-linux-musl'

const unit = (folder: string, files: readonly string[], more: Partial<CacheUnit> = {}): CacheUnit => ({
  packageId: 'registry+https://example.org#itoa@1.0.0',
  isLocal: false,
  fresh: true,
  name: 'itoa',
  files: files.map((file) => join(folder, file)),
  ...more,
})

test.each([
  [`release/deps/libitoa-${A}.rlib`, `release/${A}`],
  [`release/deps/itoa-${A}.d`, `release/${A}`],
  [`release/deps/libserde_derive-${A}.so`, `release/${A}`],
  [`release/deps/app-${A}.app.1234-cgu.0.rcgu.o`, `release/${A}`],
  [`release/.fingerprint/itoa-${A}`, `release/${A}`],
  [`release/build/libc-${A}/out`, `release/${A}`],
  [`${TRIPLE}/release/build/libc-${A}/out`, `${TRIPLE}/release/${A}`],
  [`${TRIPLE}/release/build/libc/${A}/out/liblibc-${A}.rlib`, `${TRIPLE}/release/${A}`],
  // Names that look like something else.
  [`release/build/deps/${A}/out/libdeps-${A}.rlib`, `release/${A}`],
  [`release/deps/x-${B}-${A}`, `release/${A}`],
  [`release/build/x-${B}/${A}/out`, `release/${A}`],
  [`release/app`, undefined],
  [`release/deps/app`, undefined],
  [`release/deps/app-${A.toUpperCase()}.rlib`, undefined],
  [`release/deps/app-0${A}.rlib`, undefined],
  [`release/incremental/app-${A}`, undefined],
  [`release/examples/app-${A}`, undefined],
  [`doc/deps/deps`, undefined],
  ['', undefined],
])('%s belongs to %s', (path, expected) => {
  expect(unitOf(path)).toBe(expected)
})

test('both layouts are read, and only what is of a unit', async () => {
  using tree = madeTree({
    [`release/.fingerprint/itoa-${A}/lib-itoa`]: '',
    [`release/deps/libitoa-${A}.rlib`]: '',
    [`release/deps/app.d`]: '',
    [`release/build/libc-${B}/out/x`]: '',
    [`release/incremental/app-${C}/x`]: '',
    [`release/examples/demo-${C}`]: '',
    'release/app': '',
    [`${TRIPLE}/nightly/build/libc/${A}/out/liblibc.rlib`]: '',
    [`${TRIPLE}/nightly/build/libc/${B}/run/stdout`]: '',
    'doc/app/index.html': '',
    'tmp/x': '',
    [`rust-deploy/dependencies/release/deps/libx-${C}.rlib`]: '',
    [`release/deps/liblink-${C}.rlib`]: '-> /etc/passwd',
  })
  expect((await buildEntries(tree.folder)).map(({ path }) => path)).toEqual([
    `release/.fingerprint/itoa-${A}`,
    `release/build/libc-${B}`,
    `release/deps/libitoa-${A}.rlib`,
    `${TRIPLE}/nightly/build/libc/${A}`,
    `${TRIPLE}/nightly/build/libc/${B}`,
  ])
})

test('what was used is kept, what was not is stale, and project code is neither', async () => {
  using tree = madeTree({
    [`release/.fingerprint/itoa-${A}/lib-itoa`]: '',
    [`release/deps/libitoa-${A}.rlib`]: '',
    [`release/deps/libitoa-${A}.rmeta`]: '',
    [`release/.fingerprint/ring-${B}/lib-ring`]: '',
    [`release/deps/libring-${B}.rlib`]: '',
    [`release/.fingerprint/app-${C}/lib-app`]: '',
    [`release/deps/libapp-${C}.rlib`]: '',
    // The same hash in another profile is another unit.
    [`debug/.fingerprint/itoa-${A}/lib-itoa`]: '',
  })
  const units = [
    unit(tree.folder, [`release/deps/libitoa-${A}.rlib`]),
    unit(tree.folder, [`release/deps/libapp-${C}.rlib`], { isLocal: true, name: 'app' }),
  ]
  const { kept, stale } = await sweep({ buildDirectory: tree.folder, units })
  expect(kept.map(({ path }) => path)).toEqual([
    `release/.fingerprint/itoa-${A}`,
    `release/deps/libitoa-${A}.rlib`,
    `release/deps/libitoa-${A}.rmeta`,
  ])
  expect(stale).toEqual([`itoa-${A}`, `ring-${B}`])
})

test('no message can mark what is outside, or what is of the project', () => {
  const files = [
    `../elsewhere/release/deps/libx-${A}.rlib`,
    `release/deps/libapp-${B}.rlib`,
    `release/deps/liby-${C}.so`,
  ]
  const units = [
    unit('/build', files),
    unit('/build', [`release/deps/libapp-${B}.rlib`], { isLocal: true }),
    { ...unit('', []), files: [`release/deps/libz-${A}.rlib`, '', '/', `/release/deps/libz-${A}.rlib`] },
  ]
  expect([...marksOf(units, '/build')]).toEqual([`release/${C}`])
})

test('a build directory that is not there has nothing', async () => {
  expect(await sweep({ buildDirectory: '/nowhere', units: [] })).toEqual({ kept: [], stale: [] })
})
