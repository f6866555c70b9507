import { expect, test } from 'vitest'
import { gateEnvironment } from '../../src/pipeline/gate-environment.ts'
import { hello, madeProject } from '../made-project.ts'

const DEBUG = 'CARGO_PROFILE_DEV_DEBUG'

/** What the gates are told of debug information. */
async function debugOf(manifest: string, ci: string | undefined, own: string | undefined = undefined) {
  using project = madeProject(hello({}, manifest))
  const environment = { PATH: '/bin', ...(own !== undefined && { [DEBUG]: own }) }
  const { folder } = project
  const surroundings = { environment: { CI: ci } }
  const facts = { project: { workspaceRoot: folder }, environment, surroundings }
  return (await gateEnvironment(facts as unknown as Parameters<typeof gateEnvironment>[0]))[DEBUG]
}

test('in CI the gates compile nothing for debuggers, and a laptop compiles what its owner always compiles', async () => {
  expect(await debugOf('', 'true')).toBe('1')
  expect(await debugOf('', undefined)).toBeUndefined()
})

test.each(['[profile.dev]\ndebug = true\n', '[profile.dev]\ndebug = 0\n', '[profile.test]\ndebug = "full"\n'])(
  'a project that says itself how much debug information it wants is left alone: %j',
  async (manifest) => {
    expect(await debugOf(manifest, 'true')).toBeUndefined()
  },
)

test('so is a workflow that says it', async () => {
  expect(await debugOf('', 'true', 'line-tables-only')).toBe('line-tables-only')
})
