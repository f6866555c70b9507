import { expect, test } from 'vitest'
import { selfCheck } from '../../src/cache/self-check.ts'
import type { CacheUnit } from '../../src/cache/units.ts'

const unit = (name: string, more: Partial<CacheUnit> = {}): CacheUnit => ({
  packageId: `registry+https://example.org/index#${name}@1.0.0`,
  isLocal: false,
  fresh: false,
  name,
  files: [],
  ...more,
})

test('dependencies that an exact hit did not spare are named with the reason that cargo gives', () => {
  const finding = selfCheck({
    hit: 'exact',
    units: [
      unit('libc'),
      unit('itoa'),
      unit('itoa', { packageId: 'registry+https://example.org/index#itoa@2.0.0' }),
      unit('gitdep', { packageId: 'git+https://example.org/gitdep?branch=main#0.1.0' }),
      unit('fresh', { fresh: true }),
      unit('app', { isLocal: true }),
    ],
    stderr: [
      '\u001b[1m\u001b[32m       Dirty\u001b[0m itoa v1.0.0: the rustflags changed',
      '       Dirty gitdep v0.1.0 (https://example.org/gitdep?branch=main#c0ffee12): the file `x: y` has changed',
      '       Dirty app v0.1.0 (/work/app): the file `src/main.rs` has changed',
      '       Fresh fresh v1.0.0',
    ],
  })
  expect(finding?.level).toBe('warning')
  expect(finding?.message).toContain(
    '4 were compiled: gitdep 0.1.0 (the file `x: y` has changed), itoa 1.0.0 (the rustflags changed), itoa 2.0.0 (cargo gave no reason), libc 1.0.0 (cargo gave no reason).',
  )
})

test('a hundred are counted, not listed', () => {
  const units = Array.from({ length: 100 }, (_, index) => unit(`crate${index}`))
  const message = selfCheck({ hit: 'exact', units, stderr: [] })?.message
  expect(message).toMatch(/100 were compiled: .* and 90 more\. /)
})

test('without an exact hit, or with everything fresh, there is nothing to say', () => {
  for (const hit of ['prefix', 'none'] as const)
    expect(selfCheck({ hit, units: [unit('itoa')], stderr: [] })).toBe(undefined)
  expect(selfCheck({ hit: 'exact', units: [unit('itoa', { fresh: true })], stderr: [] })).toBe(undefined)
})
