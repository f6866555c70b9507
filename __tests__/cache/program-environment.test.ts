import { expect, test } from 'vitest'
import { programEnvironment, transferEnvironment } from '../../src/cache/program-environment.ts'

test('the toolkit gets the way to the service, programs get nothing of it, and neither gets more', () => {
  const own = {
    PATH: '/bin',
    HTTPS_PROXY: 'http://proxy',
    https_proxy: 'http://proxy',
    ACTIONS_RUNTIME_TOKEN: 'token',
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'oidc',
    GITHUB_TOKEN: 'token',
    'INPUT_SSH-KEY': 'key',
    TAR_OPTIONS: '--absolute-names',
    ZSTD_CLEVEL: '19',
    NODE_OPTIONS: '--require x',
    GITHUB_WORKSPACE: '/work',
  }
  expect(Object.keys(transferEnvironment(own))).toEqual(['PATH', 'HTTPS_PROXY', 'https_proxy', 'ACTIONS_RUNTIME_TOKEN'])
  expect(programEnvironment(own)).toEqual({ PATH: '/bin', LC_ALL: 'C' })
})
