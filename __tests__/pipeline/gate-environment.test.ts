import { join } from 'node:path'
import { expect, test } from 'vitest'
import { gateEnvironment } from '../../src/pipeline/gate-environment.ts'
import { hello, madeProject } from '../made-project.ts'

const DEBUG = 'CARGO_PROFILE_DEV_DEBUG'
const STRIP = 'CARGO_PROFILE_DEV_BUILD_OVERRIDE_STRIP'

type Given = {
  manifest?: string
  ci?: string
  own?: Record<string, string>
  version?: string
  /** Further files of the project. */
  files?: Record<string, string>
}

/** What the gates are told of debug information, beside what they are told already. */
async function told({ manifest = '', ci, own = {}, version = '1.97.0', files = {} }: Given) {
  using project = madeProject(hello(files, manifest))
  const surroundings = { environment: { CI: ci } }
  const place = { workspaceRoot: project.folder, directory: join(project.folder, 'src') }
  // The configuration of the machine that runs this must not decide how it ends.
  const environment = { CARGO_HOME: join(project.folder, 'home'), ...own }
  const given = { project: place, environment, surroundings, rustc: { version } }
  const { CARGO_HOME, ...rest } = await gateEnvironment(given as unknown as Parameters<typeof gateEnvironment>[0])
  return rest
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

const BOTH = { [DEBUG]: 'line-tables-only', [STRIP]: 'debuginfo' }

test.each([
  ['in the project', '.cargo/config.toml', '[profile.dev]\ndebug = 2\n', {}],
  ['for the tests alone', '.cargo/config.toml', '[profile.test]\ndebug = 2\n', {}],
  ['in the folder where cargo is run', 'src/.cargo/config.toml', '[profile.dev]\ndebug = 0\n', {}],
  ['under the old name', '.cargo/config', '[profile.dev]\ndebug = true\n', {}],
  ["in cargo's home", 'home/config.toml', '[profile.dev]\ndebug = "full"\n', {}],
  ['of build scripts', '.cargo/config.toml', '[profile.dev.build-override]\ndebug = true\n', { [DEBUG]: BOTH[DEBUG] }],
  ['of those of tests', 'home/config.toml', '[profile.test.build-override]\ndebug = 2\n', { [DEBUG]: BOTH[DEBUG] }],
  ['of another profile', '.cargo/config.toml', '[profile.release]\ndebug = 2\n', BOTH],
  ['of something else', '.cargo/config.toml', '[profile.dev]\nopt-level = 1\n', BOTH],
  ['not readable', '.cargo/config.toml', '[profile.dev\ndebug = 2\n', BOTH],
])("what stands in a configuration file of cargo's is left alone: %s", async (_, file, text, expected) => {
  expect(await told({ ci: 'true', files: { [file]: text } })).toEqual(expected)
})

test('what is said of build scripts of the tests would be overruled too, since they inherit it', async () => {
  const manifest = '[profile.test.build-override]\ndebug = true\n'
  expect(await told({ manifest, ci: 'true' })).toEqual({ [DEBUG]: 'line-tables-only' })
  const own = { CARGO_PROFILE_TEST_BUILD_OVERRIDE_DEBUG: '2' }
  expect(await told({ ci: 'true', own })).toEqual({ [DEBUG]: 'line-tables-only', ...own })
})
