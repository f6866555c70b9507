import { expect, test } from 'vitest'
import { kindOfVerboseLine } from '../../src/process/verbose-cargo.ts'

test('reasons are told from commands and from what cargo says anyway, with colours and without', () => {
  expect(kindOfVerboseLine('       Dirty itoa v1.0.0: the rustflags changed')).toBe('reason')
  expect(kindOfVerboseLine('\u001b[1m\u001b[32m       Dirty\u001b[0m itoa v1.0.0: the rustflags changed')).toBe(
    'reason',
  )
  expect(kindOfVerboseLine('     Running `rustc --crate-name itoa`')).toBe('noise')
  expect(kindOfVerboseLine('\u001b[1m\u001b[92m       Fresh\u001b[0m itoa v1.0.0')).toBe('noise')
  expect(kindOfVerboseLine('   Compiling itoa v1.0.0')).toBe('said')
  expect(kindOfVerboseLine("error: 'cargo-clippy' is not installed")).toBe('said')
})

test('what a build script printed before it failed is shown', () => {
  expect(kindOfVerboseLine('  Running ./configure')).toBe('said')
  expect(kindOfVerboseLine('  Dirty hands')).toBe('said')
})
