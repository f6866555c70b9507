import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readLock } from '../../src/gates/lock-file.ts'
import { LockWays } from '../../src/gates/lock-ways.ts'
import { compatibleFix, remedyFor } from '../../src/gates/remedy.ts'

test.each([
  ['1.6.0', ['>=1.6.1'], '1.6.1'],
  ['1.6.0', ['>=2.0.0', '>=1.8.0, <2.0.0', '>=1.6.1, <1.7.0'], '1.6.1'],
  ['0.6.13', ['^0.6.14', '>=1.6.1'], '0.6.14'],
  ['0.5.9', ['^0.6.14', '>=1.6.1'], undefined],
  ['0.0.3', ['>=0.0.4'], undefined],
  ['1.6.0', ['=1.7.2'], '1.7.2'],
  ['1.6.0', ['~1.6.5'], '1.6.5'],
  // Nobody knows what comes after it.
  ['1.6.0', ['>1.6.4'], undefined],
  ['1.6.0', ['>=1.7'], undefined],
  ['2.0.0', ['>=1.6.1, <2.0.0'], undefined],
  ['1.6.0-rc.1', ['>=1.6.0'], undefined],
  ['not a version', ['>=1.0.0'], undefined],
  ['1.0.0', [], undefined],
])('%s, fixed in %j: %s', (version, patched, fix) => {
  expect(compatibleFix(version, patched)).toBe(fix)
})

test('what cannot be updated by itself is told with the Cargo.toml that has to change', () => {
  const source = 'source = "registry+https://github.com/rust-lang/crates.io-index"\n'
  const lock = `[[package]]
name = "app"
version = "0.1.0"
dependencies = [
 "web",
]
[[package]]
name = "log"
version = "0.3.9"
${source}[[package]]
name = "web"
version = "2.0.0"
${source}dependencies = [
 "log",
]
`
  const ways = new LockWays(readLock(lock))
  const remedy = (name: string, version: string, patched: readonly string[]) => {
    const locked = ways.find(name, version)
    return remedyFor({ name, version, patched }, locked && ways.to(locked))
  }
  expect(remedy('log', '0.3.9', ['>=0.3.10'])).toBe('Run `cargo update log@0.3.9 --precise 0.3.10`.')
  expect(remedy('log', '0.3.9', ['>=0.4.2'])).toBe(
    'web 2.0.0 brings it in: upgrade web in Cargo.toml of app to a version that takes log >=0.4.2.',
  )
  expect(remedy('web', '2.0.0', ['>=3.0.0', '>4'])).toBe(
    'Its next fixed version needs a change in Cargo.toml of app: ask for web >=3.0.0 or >4 there.',
  )
  expect(remedy('other', '1.0.0', ['>=2.0.0'])).toBe('It is fixed in >=2.0.0.')
})

test('requirements can hold anything', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.array(fc.string({ unit: 'binary' })), (version, patched) => {
      const fix = compatibleFix(version, patched)
      expect(fix === undefined || /^\d+\.\d+\.\d+$/.test(fix)).toBe(true)
      expect(remedyFor({ name: 'x', version, patched }, undefined)).not.toContain('\n')
    }),
  )
})
