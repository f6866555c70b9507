import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readCacheUnit } from '../../src/cache/units.ts'

const nothing: ReadonlySet<string> = new Set()

function artifact(packageId: string, more: Record<string, unknown> = {}): string {
  const files = ['/t/release/deps/libx-0123456789abcdef.rlib']
  return JSON.stringify({
    reason: 'compiler-artifact',
    package_id: packageId,
    target: { name: 'x' },
    filenames: files,
    fresh: true,
    ...more,
  })
}

test.each([
  ['registry+https://github.com/rust-lang/crates.io-index#itoa@1.0.15', 'itoa', false],
  ['git+https://example.org/team/lib.git?branch=main#lib@0.3.0', 'lib', false],
  ['git+https://example.org/team/lib?rev=1234#0.3.0', 'lib', false],
  ['path+file:///work/app#0.1.0', 'app', true],
  ['path+file:///work/crates/a#app-core@0.1.0', 'app-core', true],
  ['itoa 1.0.15 (registry+https://github.com/rust-lang/crates.io-index)', 'itoa', false],
  ['app 0.1.0 (path+file:///work/app)', 'app', true],
])('the id %s is of %s', (packageId, name, isLocal) => {
  expect(readCacheUnit(artifact(packageId), nothing)).toMatchObject({ packageId, name, isLocal, fresh: true })
})

test('what is compiled against project code is treated as project code', () => {
  const tied = new Set(['form_urlencoded 1.2.1'])
  const index = 'registry+https://github.com/rust-lang/crates.io-index'
  const isLocal = (id: string) => readCacheUnit(artifact(id), tied)?.isLocal
  expect(isLocal(`${index}#form_urlencoded@1.2.1`)).toBe(true)
  expect(isLocal(`form_urlencoded 1.2.1 (${index})`)).toBe(true)
  expect(isLocal(`${index}#form_urlencoded@1.2.0`)).toBe(false)
})

test('a build script that ran is a unit with its folder', () => {
  const line = JSON.stringify({
    reason: 'build-script-executed',
    package_id: 'registry+https://example.org/index#libc@0.2.1',
    out_dir: '/t/release/build/libc-0123456789abcdef/out',
  })
  expect(readCacheUnit(line, nothing)).toMatchObject({ name: 'libc', files: [expect.stringMatching(/\/out$/)] })
})

test.each([
  'Compiling x',
  '{',
  '{}',
  '[]',
  'null',
  '{"reason":"compiler-artifact"}',
  '{"reason":"compiler-artifact","package_id":"x","target":null}',
  '{"reason":"compiler-artifact","package_id":7,"target":{}}',
  '{"reason":"build-finished","success":true}',
  '{"reason":"compiler-message","package_id":"path+file:///x#0.1.0"}',
])('%s is about no unit', (line) => {
  expect(readCacheUnit(line, nothing)).toBeUndefined()
})

test('whatever a program prints is either a unit or nothing', () => {
  const message = fc.record(
    {
      reason: fc.oneof(fc.constant('compiler-artifact'), fc.constant('build-script-executed'), fc.string()),
      package_id: fc.oneof(fc.string(), fc.webUrl(), fc.anything()),
      target: fc.anything(),
      filenames: fc.oneof(fc.array(fc.string()), fc.anything()),
      out_dir: fc.anything(),
      fresh: fc.anything(),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(fc.oneof(message.map(printed), fc.string(), fc.json()), (line) => {
      const unit = readCacheUnit(line, nothing)
      if (unit === undefined) return
      expect([typeof unit.name, typeof unit.fresh]).toEqual(['string', 'boolean'])
      expect(unit.files.every((file) => typeof file === 'string')).toBe(true)
    }),
  )
})

function printed(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each))
}
