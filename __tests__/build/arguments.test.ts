import { expect, test } from 'vitest'
import { buildCommand, type Compilation, fetchArguments } from '../../src/build/arguments.ts'

const compilation = (more: Partial<Compilation> = {}): Compilation => ({
  packages: [{ name: 'hello', version: '0.1.0' }],
  binaries: ['hello'],
  features: [],
  profile: 'release',
  target: { name: 'x86_64-unknown-linux-gnu', triple: 'x86_64-unknown-linux-gnu' },
  through: {},
  explains: false,
  ...more,
})

const argumentsOf = (more: Partial<Compilation> = {}) => buildCommand(compilation(more)).args

test('the release build', () => {
  expect(argumentsOf().join(' ')).toBe(
    'build --locked --offline --target x86_64-unknown-linux-gnu --release --package hello@0.1.0 --bin hello --message-format json-render-diagnostics',
  )
  expect(buildCommand(compilation()).file).toBe('cargo')
  expect(argumentsOf({ explains: true })).toContain('--verbose')
  expect(fetchArguments(['a', 'b', 'a'])).toEqual(['fetch', '--locked', '--target', 'a', '--target', 'b'])
})

test('several packages, another profile, features', () => {
  const args = argumentsOf({
    packages: [
      { name: 'a', version: '1.0.0' },
      { name: 'b', version: '2.0.0' },
    ],
    binaries: ['x', 'y'],
    profile: 'dist',
    features: ['-default', 'a/tls', 'metrics'],
  })
  expect(args.slice(5, -2)).toEqual(
    '--profile dist --package a@1.0.0 --package b@2.0.0 --bin x --bin y --no-default-features --features a/tls,metrics'.split(
      ' ',
    ),
  )
  expect(argumentsOf({ features: ['all'] })).toContain('--all-features')
})

test('a name is one argument, whatever is in it', () => {
  expect(argumentsOf({ binaries: ['; rm -rf $HOME'] })).toContain('; rm -rf $HOME')
})

test('zig is told the glibc, and cargo-auditable calls what compiles', () => {
  const target = { name: 'x86_64-unknown-linux-gnu.2.28', triple: 'x86_64-unknown-linux-gnu' }
  const zig = buildCommand(compilation({ target, through: { zigbuild: '/tools/cargo-zigbuild' } }))
  expect([zig.file, ...zig.args.slice(0, 5)].join(' ')).toBe(
    '/tools/cargo-zigbuild zigbuild --locked --offline --target x86_64-unknown-linux-gnu.2.28',
  )
  const both = buildCommand(compilation({ target, through: { zigbuild: '/z', auditable: '/a' } }))
  expect([both.file, ...both.args.slice(0, 2)].join(' ')).toBe('/a auditable zigbuild')
})
