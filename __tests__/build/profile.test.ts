import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { profileNames, readProfile, saysOfBuildScripts } from '../../src/build/profile.ts'
import { readCargoConfigs } from '../../src/cache/cargo-config.ts'
import { madeProject, manifestOf } from '../made-project.ts'

const dev = (table: Record<string, unknown>) => ({ profile: { dev: table } })

test("what cargo's configuration files say stands over the manifest, the nearest first, and variables over all", () => {
  const manifest = '[profile.dev]\ndebug = 0\nopt-level = 1\nlto = "off"\npanic = "abort"\n'
  const configs = [dev({ debug: 1, 'opt-level': 2 }), dev({ debug: 2, lto: 'thin', 'opt-level': 3 })]
  const environment = { CARGO_PROFILE_DEV_OPT_LEVEL: 's' }
  expect(readProfile({ name: 'test', manifest, configs, environment })).toMatchObject({
    ...{ debug: '1', optLevel: 's', lto: 'thin', panic: 'abort' },
  })
})

test('a profile can stand in a configuration file alone, and inherit otherwise than in the manifest', () => {
  const configs = [{ profile: { x: { inherits: 'release', debug: 1 } } }]
  expect(readProfile({ name: 'x', manifest: '', configs, environment: {} })).toMatchObject({
    optLevel: '3',
    debug: '1',
  })
  const manifest = '[profile.x]\ninherits = "dev"\nlto = true\n'
  expect(readProfile({ name: 'x', manifest, configs, environment: {} })).toMatchObject({ optLevel: '3', lto: 'true' })
  expect(profileNames('[profile.y]\n', configs)).toEqual(['dev', 'release', 'test', 'bench', 'y', 'x'])
})

test.each<[string, string, unknown[], Record<string, string>]>([
  ['the manifest', '[profile.dev.build-override]\nstrip = true\n', [], {}],
  ['the manifest, for tests', '[profile.test.build-override]\nstrip = true\n', [], {}],
  ['a configuration file', '', [{}, dev({ 'build-override': { 'opt-level': 3 } })], {}],
  ['a configuration file, for tests', '', [{ profile: { test: { 'build-override': { debug: 1 } } } }], {}],
  ['a variable', '', [], { CARGO_PROFILE_DEV_BUILD_OVERRIDE_DEBUG: '1' }],
  ['a variable, for tests', '', [], { CARGO_PROFILE_TEST_BUILD_OVERRIDE_DEBUG: '1' }],
])('of build scripts says something: %s', (_, manifest, configs, environment) => {
  expect(saysOfBuildScripts({ name: 'test', manifest, configs, environment })).toBe(true)
})

test('of build scripts nobody says anything who speaks of something else', () => {
  const configs = [dev({ debug: 2, package: { a: { debug: 2 } } }), { profile: { release: { 'build-override': {} } } }]
  const environment = { CARGO_PROFILE_DEV_DEBUG: '1', CARGO_PROFILE_RELEASE_BUILD_OVERRIDE_DEBUG: '1' }
  const manifest = '[profile.bench.build-override]\nstrip = true\n'
  expect(saysOfBuildScripts({ name: 'test', manifest, configs, environment })).toBe(false)
})

test.each([[['text', 7, null, { profile: 7 }, { profile: { dev: 7 } }, dev({ debug: {} })]], [[]]])(
  'what is no configuration says nothing: %j',
  (configs) => {
    const options = { name: 'test', manifest: '', configs, environment: {} }
    expect(readProfile(options).debug).toBeUndefined()
    expect(saysOfBuildScripts(options)).toBe(false)
    expect(profileNames('', configs)).toEqual(['dev', 'release', 'test', 'bench'])
  },
)

test('cargo itself sees it in the same order', async () => {
  using project = madeProject({
    'Cargo.toml': `${manifestOf('ordered')}[profile.dev]\ndebug = 0\nopt-level = 1\ncodegen-units = 7\n[profile.test.build-override]\n`,
    'app/.cargo/config.toml': '[profile.dev]\ndebug = 1\n',
    '.cargo/config.toml': '[profile.dev]\ndebug = "line-tables-only"\ncodegen-units = 9\n',
    'home/config.toml': '[profile.test]\npanic = "unwind"\n[profile.dev]\ncodegen-units = 11\nopt-level = 3\n',
    'src/lib.rs': '',
  })
  const { folder } = project
  const [directory, cargoHome] = [join(folder, 'app'), join(folder, 'home')]
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^CARGO_(PROFILE|TARGET|BUILD|HOME)|RUSTFLAGS/.test(name),
  )
  const env = { ...Object.fromEntries(kept), CARGO_HOME: cargoHome, CARGO_PROFILE_DEV_OPT_LEVEL: '2' }
  const args = ['build', '--verbose', '--profile', 'test', '--manifest-path', join(folder, 'Cargo.toml')]
  const { stderr } = spawnSync('cargo', args, { cwd: directory, env, encoding: 'utf8' })
  const configs = await readCargoConfigs({ directory, cargoHome })
  const manifest = readFileSync(join(folder, 'Cargo.toml'), 'utf8')
  const { debug, optLevel, codegenUnits } = readProfile({ name: 'test', manifest, configs, environment: env })
  expect([debug, optLevel, codegenUnits]).toEqual(['1', '2', 9])
  for (const flag of ['debuginfo=1', 'opt-level=2', 'codegen-units=9']) expect(stderr).toContain(` ${flag} `)
})
