import { expect, test } from 'vitest'
import { configured } from '../../src/project/configured.ts'

const MUSL = 'x86_64-unknown-linux-musl'

test('variables of the nearer file come first, in each of the forms that cargo takes', () => {
  const near = { env: { CC_x: 'near', OPENSSL_DIR: { value: 'ssl', relative: true, force: false } } }
  const far = { env: { CC_x: 'far', CXX_x: { value: 'far' }, ODD: 3, ODDER: { value: [] } } }
  expect(configured([near, far], MUSL).variables).toEqual({ CC_x: 'near', OPENSSL_DIR: 'ssl', CXX_x: 'far' })
})

test('a library of the target in a table takes the place of a build script', () => {
  const openssl = { 'rustc-link-lib': ['ssl'] }
  const config = { target: { [MUSL]: { linker: 'cc', rustflags: [], openssl }, 'cfg(unix)': { z: {} } } }
  expect(configured([config, config], MUSL).replaced).toEqual(['openssl'])
})

test('what is no configuration says nothing', () => {
  expect(configured(['no TOML', { env: [], target: 3 }, { target: { [MUSL]: [] } }], MUSL)).toEqual({
    variables: {},
    replaced: [],
  })
})
