import { expect, test } from 'vitest'
import { buildEnvironment, fetchEnvironment } from '../../src/process/environment.ts'

const own = {
  PATH: '/bin',
  HOME: '/home/ada',
  DATABASE_URL: 'postgres://localhost/test',
  CARGO_HOME: '/cargo',
  GITHUB_SHA: 'abc',
  INPUT_PACKAGE: 'x',
  'INPUT_CARGO-GIT-TOKEN': 'ghs_abc',
  RUST_DEPLOY_PROFILE: 'x',
  RUST_DEPLOY_SHA: 'stale',
  ACTIONS_RUNTIME_TOKEN: 't',
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: 't',
  GITHUB_TOKEN: 't',
  GH_TOKEN: 't',
  GITHUB_ENV: '/files/env',
  GITHUB_PATH: '/files/path',
  GITHUB_OUTPUT: '/files/output',
  GITHUB_STATE: '/files/state',
  GITHUB_STEP_SUMMARY: '/files/summary',
  AWS_SECRET_ACCESS_KEY: 't',
  MY_OWN_NAME_FOR_IT: 'Bearer ghs_abc',
  CARGO_REGISTRY_TOKEN: 't',
  CARGO_REGISTRIES_MY_TOKEN: 't',
  SSH_AUTH_SOCK: '/agent',
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_VALUE_0: 'Authorization: Basic x',
}

test('what runs code of others sees neither our inputs nor a credential, under whatever name', () => {
  expect(buildEnvironment(own, ['ghs_abc'])).toEqual({
    PATH: '/bin',
    HOME: '/home/ada',
    DATABASE_URL: 'postgres://localhost/test',
    CARGO_HOME: '/cargo',
    GITHUB_SHA: 'abc',
  })
})

test('cargo fetch may read registries and git, and nothing else', () => {
  const extra = Object.keys(fetchEnvironment(own, ['ghs_abc'])).filter(
    (name) => !(name in buildEnvironment(own, ['ghs_abc'])),
  )
  expect(extra.toSorted()).toEqual([
    'CARGO_REGISTRIES_MY_TOKEN',
    'CARGO_REGISTRY_TOKEN',
    'GIT_CONFIG_COUNT',
    'GIT_CONFIG_VALUE_0',
    'SSH_AUTH_SOCK',
  ])
})

test('an empty secret hides nothing', () => {
  expect(buildEnvironment({ PATH: '/bin' }, [''])).toEqual({ PATH: '/bin' })
})
