import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Dependency, LocalPackage } from '../../src/cache/local-packages.ts'
import { parseLock } from '../../src/cache/lock-file.ts'
import { type RecipeOptions, recipeHash } from '../../src/cache/recipe.ts'

const INDEX = 'registry+https://github.com/rust-lang/crates.io-index'

type Made = { lock?: string; root?: string; packages?: readonly LocalPackage[]; built?: readonly string[] }

function recipe({ lock = LOCK, root = ROOT, packages = PACKAGES, built = ['app'] }: Made = {}): string {
  return recipeHash({ lock: parseLock(lock), rootManifest: root, packages, built } satisfies RecipeOptions)
}

const LOCK = `version = 4
[[package]]
name = "app"
version = "0.1.0"
dependencies = ["core", "itoa"]
[[package]]
name = "core"
version = "0.1.0"
dependencies = ["either"]
[[package]]
name = "either"
version = "1.15.0"
source = "${INDEX}"
checksum = "ee"
[[package]]
name = "itoa"
version = "1.0.15"
source = "${INDEX}"
checksum = "aa"
dependencies = ["either"]
`

const ROOT = `[workspace]
members = ["app", "core"]
resolver = "2"
[profile.release]
lto = "thin"
[patch.crates-io]
either = { path = "../either" }
`

function used(name: string, more: Partial<Dependency> = {}): Dependency {
  return {
    name,
    rename: undefined,
    source: INDEX,
    req: '^1',
    kind: 'normal',
    optional: false,
    defaultFeatures: true,
    features: [],
    target: undefined,
    folder: undefined,
    ...more,
  }
}

function local(name: string, more: Partial<Dependency> = {}): Dependency {
  return used(name, { source: undefined, req: '*', folder: `/w/${name}`, ...more })
}

function made(
  name: string,
  dependencies: readonly Dependency[],
  features: LocalPackage['features'] = {},
): LocalPackage {
  return {
    name,
    folder: `/w/${name}`,
    sources: [{ path: `/w/${name}/src/lib.rs`, isLibrary: true }],
    dependencies,
    features,
  }
}

const APP = made('app', [used('itoa'), local('core', { features: ['tls'] })], { metrics: [] })
const CORE = made('core', [used('either', { optional: true })], { tls: ['dep:either'], quiet: [], default: ['quiet'] })
const PACKAGES = [APP, CORE]

test('it is 128 bits in hex, and the same on every machine', () => {
  expect(recipe()).toMatch(/^[0-9a-f]{32}$/)
  const moved = PACKAGES.map((each) => ({
    ...each,
    folder: each.folder.replace('/w/', '/elsewhere/'),
    sources: [],
    dependencies: each.dependencies.map((one) => ({ ...one, folder: one.folder?.replace('/w/', '/elsewhere/') })),
  }))
  expect(recipe({ packages: moved })).toBe(recipe())
})

test.each<[string, Made]>([
  ['a new version of the project', { lock: LOCK.replaceAll('"0.1.0"', '"0.2.0"') }],
  [
    'lints and a description',
    { root: `${ROOT}[workspace.lints.rust]\nmissing_docs = "deny"\n[workspace.metadata]\nx = 1\n` },
  ],
  ['another place for a patch', { root: ROOT.replace('../either', '/abs/either') }],
  [
    'the order of what is in the manifest',
    { root: `[profile]\nrelease = { lto = "thin" }\n${ROOT.replace(/\[profile[^[]*/, '')}` },
  ],
  ['the order of packages', { packages: [CORE, APP] }],
  ['a new member that uses nothing', { packages: [...PACKAGES, made('new', [])] }],
  ['one that uses only such', { packages: [...PACKAGES, made('new', []), made('newer', [local('new')])] }],
  ['one in the lock file', { lock: `${LOCK}[[package]]\nname = "new"\nversion = "0.1.0"\n` }],
  [
    'a feature that turns on nothing from elsewhere',
    { packages: [APP, { ...CORE, features: { ...CORE.features, loud: [] } }] },
  ],
  [
    'a dependency on a member that uses nothing',
    {
      packages: [
        made('app', [...APP.dependencies, local('new', { features: ['x'] })]),
        CORE,
        made('new', [], { x: [] }),
      ],
    },
  ],
  ['a profile for a member alone', { root: `${ROOT}[profile.release.package.app]\nopt-level = 1\n` }],
])('%s does not change it', (_, change) => {
  expect(recipe(change)).toBe(recipe())
})

test.each<[string, Made]>([
  ['a new version in the lock file', { lock: LOCK.replaceAll('1.0.15', '1.0.16') }],
  ['another checksum', { lock: LOCK.replace('"ee"', '"ff"') }],
  ['another source', { lock: LOCK.replace(INDEX, 'git+https://example.org/either#0123') }],
  [
    'another way between packages from elsewhere',
    {
      lock: LOCK.replace('dependencies = ["either"]\n', '')
        .replace('"itoa"]', '"itoa", "either"]')
        .replace(/\ndependencies = \["either"\]\n$/, '\n'),
    },
  ],
  ['a profile', { root: ROOT.replace('thin', 'fat') }],
  ['a profile for packages from elsewhere', { root: `${ROOT}[profile.release.package."*"]\nopt-level = 1\n` }],
  ['the resolver', { root: ROOT.replace('resolver = "2"', 'resolver = "3"') }],
  ['a patch that is gone', { root: ROOT.replace(/\[patch[\s\S]*/, '') }],
  ['a patch from git', { root: ROOT.replace('path = "../either"', 'git = "https://example.org/either"') }],
  [
    'a feature asked of it',
    { packages: [made('app', [used('itoa', { features: ['no-panic'] }), ...APP.dependencies.slice(1)]), CORE] },
  ],
  [
    'its default features',
    { packages: [made('app', [used('itoa', { defaultFeatures: false }), ...APP.dependencies.slice(1)]), CORE] },
  ],
  [
    'a kind of dependency',
    { packages: [made('app', [used('itoa', { kind: 'build' }), ...APP.dependencies.slice(1)]), CORE] },
  ],
  [
    'a target',
    { packages: [made('app', [used('itoa', { target: 'cfg(unix)' }), ...APP.dependencies.slice(1)]), CORE] },
  ],
  [
    'a feature of a member that turns it on',
    { packages: [APP, { ...CORE, features: { ...CORE.features, loud: ['tls'] } }] },
  ],
  [
    'a feature of a member by default',
    { packages: [APP, { ...CORE, features: { ...CORE.features, default: ['quiet', 'tls'] } }] },
  ],
  ['a feature that is asked of a member', { packages: [made('app', [used('itoa'), local('core')]), CORE] }],
  ['a member that is no longer used', { packages: [made('app', [used('itoa')]), CORE] }],
])('%s changes it', (_, change) => {
  expect(recipe(change)).not.toBe(recipe())
})

test('a member that only passes another on is seen through, with all that stands on the way', () => {
  const through = (way: Partial<Dependency>, end: Partial<Dependency> = {}) =>
    recipe({ packages: [made('app', [local('between', way)]), made('between', [local('core', end)]), CORE] })
  const directly = (way: Partial<Dependency>) => recipe({ packages: [made('app', [local('core', way)]), CORE] })
  expect(through({})).toBe(directly({}))
  expect(through({ kind: 'build' })).toBe(directly({ kind: 'build' }))
  expect(through({}, { kind: 'build' })).toBe(directly({ kind: 'build' }))
  expect(through({ target: 'cfg(unix)' }, { target: 'cfg(unix)' })).toBe(directly({ target: 'cfg(unix)' }))
  expect(through({}, { optional: true })).toBe(directly({ optional: true }))
  // One that tests with it, but does not use it.
  expect(through({}, { kind: 'dev' })).not.toBe(directly({}))
})

test('what is built by itself counts, even where it only passes others on', () => {
  const thin = (dependencies: readonly Dependency[]) => [made('app', dependencies), CORE]
  expect(recipe({ packages: thin([local('core')]) })).not.toBe(recipe({ packages: thin([]) }))
  const inspected = { built: ['core'] }
  expect(recipe({ ...inspected, packages: thin([local('core')]) })).toBe(recipe({ ...inspected, packages: thin([]) }))
})

test('members that test with each other end the search', () => {
  const round = [
    made('a', [local('b', { kind: 'dev' }), used('itoa')]),
    made('b', [local('a')]),
    made('c', [local('b')]),
  ]
  expect(recipe({ packages: round })).toMatch(/^[0-9a-f]{32}$/)
  const deep = Array.from({ length: 300 }, (_, i) => made(`p${i}`, i === 299 ? [used('itoa')] : [local(`p${i + 1}`)]))
  expect(recipe({ packages: deep, built: ['p0'] })).toBe(recipe({ packages: deep.toReversed(), built: ['p0'] }))
})

test('the edition says which resolver it is, where nothing else does', () => {
  const edition = (year: string) => recipe({ root: `[package]\nedition = "${year}"\n` })
  const resolver = (number: string) => recipe({ root: `[package]\nedition = "2018"\nresolver = "${number}"\n` })
  expect([edition('2015'), edition('2018'), edition('2021'), edition('2024')]).toEqual(
    ['1', '1', '2', '3'].map(resolver),
  )
  expect(recipe({ root: '[package]\nedition.workspace = true\n[workspace.package]\nedition = "2024"\n' })).toBe(
    resolver('3'),
  )
})

test('no order of anything changes it', () => {
  const shuffled = <T>(all: readonly T[]) => fc.shuffledSubarray([...all], { minLength: all.length })
  const packages = shuffled(PACKAGES).chain((each) =>
    fc.tuple(...each.map((one) => shuffled(one.dependencies).map((dependencies) => ({ ...one, dependencies })))),
  )
  const entries = shuffled(LOCK.split('[[package]]').slice(1)).map(
    (parts) => `version = 4\n[[package]]${parts.join('[[package]]')}`,
  )
  fc.assert(
    fc.property(packages, entries, (some, lock) => {
      expect(recipe({ packages: some, lock })).toBe(recipe())
    }),
  )
})
