import { expect, test } from 'vitest'
import { buildArguments, type Compilation, fetchArguments } from '../../src/build/arguments.ts'

const compilation = (more: Partial<Compilation> = {}): Compilation => ({
  packages: [{ name: 'hello', version: '0.1.0' }],
  binaries: ['hello'],
  features: [],
  profile: 'release',
  target: 'x86_64-unknown-linux-gnu',
  ...more,
})

test('the release build', () => {
  expect(buildArguments(compilation()).join(' ')).toBe(
    'build --locked --offline --target x86_64-unknown-linux-gnu --release --package hello@0.1.0 --bin hello --message-format json-render-diagnostics',
  )
  expect(fetchArguments(compilation())).toEqual(['fetch', '--locked', '--target', 'x86_64-unknown-linux-gnu'])
})

test('several packages, another profile, features', () => {
  const args = buildArguments(
    compilation({
      packages: [
        { name: 'a', version: '1.0.0' },
        { name: 'b', version: '2.0.0' },
      ],
      binaries: ['x', 'y'],
      profile: 'dist',
      features: ['-default', 'a/tls', 'metrics'],
    }),
  )
  expect(args.slice(5, -2)).toEqual(
    '--profile dist --package a@1.0.0 --package b@2.0.0 --bin x --bin y --no-default-features --features a/tls,metrics'.split(
      ' ',
    ),
  )
  expect(buildArguments(compilation({ features: ['all'] }))).toContain('--all-features')
})

test('a name is one argument, whatever is in it', () => {
  expect(buildArguments(compilation({ binaries: ['; rm -rf $HOME'] }))).toContain('; rm -rf $HOME')
})
