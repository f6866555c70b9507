import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cargoFlags } from '../../src/project/cargo-flags.ts'
import { fits, readCfgs } from '../../src/project/cfg.ts'

const MUSL = readCfgs('unix\ntarget_os="linux"\ntarget_env="musl"\ntarget_arch="x86_64"\ntarget_feature="sse"\n')

test.each([
  ['cfg(unix)', true],
  ['cfg(windows)', false],
  ['cfg(target_os = "linux")', true],
  ['cfg(all(unix, target_env="musl"))', true],
  ['cfg(all(unix, not(target_env="musl")))', false],
  ['cfg( any( windows, all(target_arch = "x86_64", target_os = "linux"), ) )', true],
  ['cfg(all())', true],
  ['cfg(any())', false],
  ['cfg(true)', true],
  ['cfg(', false],
  ['x86_64-unknown-linux-musl', false],
])('%s', (expression, expected) => {
  expect(fits(expression, MUSL)).toBe(expected)
})

test('what no one could have written is read to its end', () => {
  fc.assert(fc.property(fc.string(), (text) => typeof fits(`cfg(${text})`, MUSL) === 'boolean'))
  expect(fits(`cfg(${'not('.repeat(100_000)}unix`, MUSL)).toBeTypeOf('boolean')
})

test('flags are joined as cargo joins them, the nearer file last', () => {
  const near = {
    build: { rustflags: '-A -B', 'rustc-wrapper': 'sccache' },
    target: {
      'x86_64-unknown-linux-musl': { rustflags: ['-C', 'near'] },
      'cfg(windows)': { rustflags: ['-C', 'never'], linker: 'link.exe' },
    },
  }
  const far = {
    build: { rustflags: ['-D'] },
    target: { 'cfg(target_env = "musl")': { rustflags: ['-C', 'far'], linker: 'mold' } },
  }
  expect(cargoFlags([near, far], 'x86_64-unknown-linux-musl', MUSL)).toEqual({
    build: ['-D', '-A', '-B'],
    target: ['-C', 'far', '-C', 'near'],
    hasLinker: true,
    wrapper: 'sccache',
  })
  expect(cargoFlags([near, 'no TOML', { target: [] }], 'aarch64-apple-darwin', new Set())).toEqual({
    build: ['-A', '-B'],
    target: [],
    hasLinker: false,
    wrapper: 'sccache',
  })
})
