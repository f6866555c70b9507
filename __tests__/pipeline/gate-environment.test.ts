import { expect, test } from 'vitest'
import { gateEnvironment } from '../../src/pipeline/gate-environment.ts'
import { hello, madeProject } from '../made-project.ts'

const DEBUG = 'CARGO_PROFILE_DEV_DEBUG'
const STRIP = 'CARGO_PROFILE_DEV_BUILD_OVERRIDE_STRIP'

type Given = { manifest?: string; ci?: string; own?: Record<string, string>; version?: string }

/** What the gates are told of debug information. */
async function told({ manifest = '', ci, own = {}, version = '1.97.0' }: Given) {
  using project = madeProject(hello({}, manifest))
  const surroundings = { environment: { CI: ci } }
  const given = { project: { workspaceRoot: project.folder }, environment: own, surroundings, rustc: { version } }
  return gateEnvironment(given as unknown as Parameters<typeof gateEnvironment>[0])
}

test('in CI the gates compile nothing for debuggers, and a laptop compiles what its owner always compiles', async () => {
  expect(await told({ ci: 'true' })).toEqual({ [DEBUG]: 'line-tables-only', [STRIP]: 'debuginfo' })
  expect(await told({ ci: 'true', version: '1.70.0' })).toMatchObject({ [DEBUG]: '1' })
  expect(await told({})).toEqual({})
})

test.each(['[profile.dev]\ndebug = true\n', '[profile.dev]\ndebug = 0\n', '[profile.test]\ndebug = "full"\n'])(
  'a project that says itself how much debug information it wants is left alone: %j',
  async (manifest) => {
    expect(await told({ manifest, ci: 'true' })).toEqual({})
  },
)

test('so is a workflow that says it', async () => {
  const own = { [DEBUG]: 'limited' }
  expect(await told({ ci: 'true', own })).toEqual(own)
})

test('and whoever says how build scripts are compiled', async () => {
  const manifest = '[profile.dev.build-override]\nopt-level = 3\n'
  expect(await told({ manifest, ci: 'true' })).toEqual({ [DEBUG]: 'line-tables-only' })
  const own = { CARGO_PROFILE_DEV_BUILD_OVERRIDE_OPT_LEVEL: '1' }
  expect(await told({ ci: 'true', own })).toEqual({ [DEBUG]: 'line-tables-only', ...own })
})
