import { expect, test } from 'vitest'
import { type Metadata, readCargo } from '../../src/settings/cargo.ts'
import { settle } from '../../src/settings/settle.ts'

const ofPackage = (content: unknown, manifest = 'Cargo.toml'): Metadata => ({
  manifest,
  kind: 'package',
  content: { 'rust-deploy': content },
})
const ofWorkspace = (content: unknown): Metadata => ({ ...ofPackage(content), kind: 'workspace' })

function settled(tables: Metadata[], environment = '') {
  const { given, problems } = readCargo(tables, environment)
  const { settings, problems: unsettled } = settle(given)
  return { settings, problems: [...problems, ...unsettled] }
}

test('the section of the environment wins over the general one, the package over the workspace', () => {
  const tables = [
    ofPackage({ profile: 'p', environments: { production: { features: ['x'] } } }),
    ofWorkspace({ profile: 'w', artifact: 'w', features: ['w'], environments: { production: { artifact: 'wp' } } }),
  ]
  const plain = settled(tables).settings
  expect([plain.profile, plain.artifact, plain.features]).toEqual(['p', 'w', ['w']])
  const production = settled(tables, 'production').settings
  expect([production.profile, production.artifact, production.features]).toEqual(['p', 'wp', ['x']])
})

test('what is wrong names its section', () => {
  const { problems } = readCargo(
    [
      ofPackage({
        profil: 'x',
        'cargo-git-token': 'ghs_abc',
        environment: 'x',
        environments: { staging: { fetures: [] }, production: 1 },
      }),
    ],
    'producton',
  )
  expect(problems).toEqual([
    'There is no setting `profil` ([package.metadata.rust-deploy] in Cargo.toml); did you mean `profile`?',
    '`cargo-git-token` is a secret and must not stand in [package.metadata.rust-deploy] in Cargo.toml: give it as an input or a variable.',
    '`environment` cannot stand in [package.metadata.rust-deploy] in Cargo.toml: it chooses which of its sections are read.',
    'There is no setting `fetures` ([package.metadata.rust-deploy.environments.staging] in Cargo.toml); did you mean `features`?',
    '[package.metadata.rust-deploy.environments.production] in Cargo.toml must be a table.',
    'The environment `producton` has no section in Cargo.toml; did you mean `production`? Known are staging, production.',
  ])
  expect(problems.join()).not.toContain('ghs_abc')
})

test('what chooses packages stands in the workspace only, and empty is not set', () => {
  expect(readCargo([ofPackage({ package: ['api'] })], '').problems).toEqual([
    '`package` cannot stand in [package.metadata.rust-deploy] in Cargo.toml: it says which packages there are, so put it into [workspace.metadata.rust-deploy].',
  ])
  const tables = [
    ofPackage({ profile: 'p', environments: { production: { profile: '' } } }),
    ofWorkspace({ package: 'api' }),
  ]
  const { settings, problems } = settled(tables, 'production')
  expect([problems, settings.profile, settings.package]).toEqual([[], 'p', ['api']])
})

test('a name that is like no known one still ends its sentence', () => {
  const content = { zzzzzzzz: 1, environments: { staging: {} } }
  expect(readCargo([ofPackage(content)], 'qqqqqqqqq').problems).toEqual([
    'There is no setting `zzzzzzzz` ([package.metadata.rust-deploy] in Cargo.toml).',
    'The environment `qqqqqqqqq` has no section in Cargo.toml. Known are staging.',
  ])
})

test('packages of one run must agree', () => {
  const { problems } = readCargo(
    [ofPackage({ profile: 'a' }, 'a/Cargo.toml'), ofPackage({ profile: 'b' }, 'b/Cargo.toml')],
    '',
  )
  expect(problems).toEqual([
    '`profile` differs between [package.metadata.rust-deploy] in a/Cargo.toml and [package.metadata.rust-deploy] in b/Cargo.toml: a run has one value, so put it into [workspace.metadata.rust-deploy] or give it as an input.',
  ])
})

test('tables of other tools, and of no tool, are none of our business', () => {
  expect(
    readCargo(
      [
        { manifest: 'Cargo.toml', kind: 'package', content: null },
        { manifest: 'x', kind: 'workspace', content: { docs: 1 } },
      ],
      '',
    ),
  ).toEqual({ given: [], problems: [] })
})
