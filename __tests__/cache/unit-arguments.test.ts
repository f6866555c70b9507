import fc from 'fast-check'
import { expect, test } from 'vitest'
import { profileIn, unitArguments } from '../../src/cache/unit-arguments.ts'

const read = (line: string, program: 'cargo' | 'nextest' = 'cargo') => unitArguments(line.split(' '), program).join(' ')

test.each([
  ['--release', '--release'],
  ['-r', '--release'],
  ['--profile x', '--profile x'],
  ['--profile=x', '--profile x'],
  ['--features a,b', '--features a,b'],
  ['--features=a,b', '--features a,b'],
  ['-F a', '--features a'],
  ['-Fa', '--features a'],
  ['-F=a', '--features a'],
  ['-Fa -F b', '--features a --features b'],
  ['-vrqFa', '--release --features a'],
  ['--all-features --no-default-features', '--all-features --no-default-features'],
  ['--target t', '--target t'],
  ['--target=t', '--target t'],
  ['--exclude tool', '--exclude tool'],
  ['--config=profile.dev.opt-level=1', '--config profile.dev.opt-level=1'],
  ['-Zbuild-std -Z x=y', '-Z build-std -Z x=y'],
  ['--ignore-rust-version', '--ignore-rust-version'],
])('%s decides which units are needed', (line, expected) => {
  expect(read(line)).toBe(expected)
  expect(read(`name --lib ${line} --no-deps -- --release`)).toBe(expected)
})

test.each([
  '--lib --bins --bin release --test r --doc --all-targets --no-deps --fix',
  '-p app -papp -pr -pF -j4 -j -1 --package release -v -q -vv',
  '--target-dir x --color=always --timings --no-fail-fast',
  'features release',
  '-- --release -r -Fa --features a --profile x',
  '--features',
  '--profile= --features -r --target',
])('%s decides nothing, or asks for nothing', (line) => {
  expect(read(line).replace('--release', '')).toBe('')
})

test("nextest has a profile of its own, and calls cargo's by another name", () => {
  expect(read('--profile ci -P ci -Pr --profile=ci -E package(r) -Epackage(Fr)', 'nextest')).toBe('')
  expect(read('--cargo-profile x --profile ci', 'nextest')).toBe('--profile x')
  expect(read('--cargo-profile=x -rFa --target=t', 'nextest')).toBe('--profile x --release --features a --target t')
  expect(read('--cargo-profile x')).toBe('')
})

test('whatever is added, nothing is read twice, and nothing that is read is a value that begins like an option', () => {
  const words = fc.constantFrom('-r', '-F', '-Fa', '--features', '--profile', 'x', '--lib', '-p', '--', '--target=', '')
  fc.assert(
    fc.property(fc.array(words), (args) => {
      const once = unitArguments(args, 'cargo')
      expect(unitArguments(once, 'cargo')).toEqual(once)
      expect(
        once.filter((word) => word.startsWith('-') && !/^--(release|features|profile|target)$/.test(word)),
      ).toEqual([])
    }),
  )
})

test('the profile that is asked for', () => {
  expect(profileIn([])).toBeUndefined()
  expect(profileIn(['--features', 'release'])).toBeUndefined()
  expect(profileIn(['--release'])).toBe('release')
  expect(profileIn(['--features', 'a', '--profile', 'x'])).toBe('x')
})
