import { expect, test } from 'vitest'
import { installArguments } from '../../src/toolchain/install.ts'
import { isOfficial } from '../../src/toolchain/names.ts'
import { lacking } from '../../src/toolchain/parts.ts'

const HOST = 'x86_64-unknown-linux-gnu'
const INSTALLED = [
  `cargo-${HOST}`,
  `clippy-${HOST}`,
  `rust-std-${HOST}`,
  'rust-std-aarch64-unknown-linux-musl',
  'rust-src',
  `rustc-${HOST}`,
  `rustc-dev-${HOST}`,
  `rust-docs-json-${HOST}`,
  `llvm-tools-preview-${HOST}`,
]

test('what rustup lists is not asked for again, by whatever name it is known', () => {
  const have = ['clippy', 'clippy-preview', 'rust-src', `clippy-${HOST}`, 'llvm-tools', 'llvm-tools-preview', 'rustc']
  expect(lacking({ components: have, targets: [HOST, 'aarch64-unknown-linux-musl'] }, INSTALLED)).toEqual({
    components: [],
    targets: [],
  })
  const missing = { components: ['rustfmt', 'rust-docs', 'rust', 'x86_64'], targets: ['aarch64-unknown-linux', 'src'] }
  expect(lacking(missing, INSTALLED)).toEqual(missing)
  expect(lacking(missing, [])).toEqual(missing)
})

test('a toolchain is installed with little, and never updates rustup', () => {
  const wanted = { toolchain: '1.96', components: ['rustfmt', 'clippy'], targets: ['a-b-c'], from: 'setting' }
  expect(installArguments('1.96', wanted)).toEqual(
    'toolchain install 1.96 --profile minimal --no-self-update --component rustfmt --component clippy --target a-b-c'.split(
      ' ',
    ),
  )
  expect(installArguments('1.96', { ...wanted, components: [], targets: [], profile: 'default' })).toEqual(
    'toolchain install 1.96 --profile default --no-self-update'.split(' '),
  )
})

test('only what rustup could download counts as official', () => {
  for (const name of ['stable', 'beta', 'nightly', '1.96', '1.96.0', 'nightly-2026-05-01', `stable-${HOST}`]) {
    expect([name, isOfficial(name)]).toEqual([name, true])
  }
  for (const name of [`nightly-2026-05-01-${HOST}`, '1.97.0-beta.3', 'stable-musl']) {
    expect([name, isOfficial(name)]).toEqual([name, true])
  }
  for (const name of ['', 'my-own', 'stage2', '/opt/rust', 'stables', '96', 'v1.96.0']) {
    expect([name, isOfficial(name)]).toEqual([name, false])
  }
})
