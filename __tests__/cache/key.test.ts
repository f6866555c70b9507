import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CookPlan } from '../../src/cache/cook.ts'
import {
  cargoLayout,
  type DependenciesFacts,
  dependenciesKey,
  type HomeFacts,
  homeKey,
  partialKey,
} from '../../src/cache/key.ts'

const PLAN: CookPlan = {
  gates: {
    clippy: true,
    test: true,
    testTarget: undefined,
    featureArguments: [],
    clippyArguments: [],
    testArguments: [[]],
  },
  builds: [
    {
      packages: [{ name: 'app', version: '0.1.0' }],
      binaries: ['app'],
      featureArguments: [],
      profile: 'release',
      target: { name: 'x86_64-unknown-linux-musl', triple: 'x86_64-unknown-linux-musl' },
      through: {},
    },
  ],
}

const RUSTC = `rustc 1.95.0 (59807616e 2026-04-14)
binary: rustc
commit-hash: 59807616e1fa2540724bfbac14d7976d7e4a3860
commit-date: 2026-04-14
host: x86_64-unknown-linux-gnu
release: 1.95.0
LLVM version: 22.1.2
`

type KeyFacts = DependenciesFacts & HomeFacts

const FACTS: KeyFacts = {
  os: 'Linux',
  arch: 'X64',
  image: 'ubuntu24.04.ubuntu24',
  rustc: RUSTC,
  layout: 'v1',
  plan: PLAN,
  flags: 'f'.repeat(32),
  recipe: 'e'.repeat(32),
  lock: 'd'.repeat(32),
  triples: ['x86_64-unknown-linux-gnu'],
}

const LINKING = 'a'.repeat(32)

function cacheKeys(facts: KeyFacts) {
  const { restoreKeys, linkedBy } = dependenciesKey(facts)
  return { home: homeKey(facts), dependencies: { key: linkedBy(LINKING), restoreKeys } }
}

const changed = (more: Partial<KeyFacts>) => cacheKeys({ ...FACTS, ...more })

test('they read as what they are', () => {
  const { home, dependencies } = cacheKeys(FACTS)
  expect(home).toEqual({
    key: expect.stringMatching(/^rd1-home-linux-[0-9a-f]{32}$/),
    restoreKeys: ['rd1-home-linux-'],
  })
  // What is fetched for another platform is another cache, which this one can begin with.
  expect(changed({ triples: ['aarch64-unknown-linux-musl'] }).home.key).not.toBe(home.key)
  expect(changed({ triples: [...FACTS.triples, ...FACTS.triples] }).home).toEqual(home)
  expect(dependencies.key).toMatch(
    /^rd1-deps-linux-x64-ubuntu24\.04\.ubuntu24-59807616e-v1-[0-9a-f]{32}-f{32}-e{32}-a{32}$/,
  )
  expect(dependencies.restoreKeys).toEqual([dependencies.key.slice(0, -32), dependencies.key.slice(0, -65)])
})

test('another recipe still finds the old cache, and the home does not care', () => {
  const { home, dependencies } = changed({ recipe: '0'.repeat(32) })
  expect(dependencies.key).not.toBe(cacheKeys(FACTS).dependencies.key)
  expect(dependencies.restoreKeys[0]).not.toBe(cacheKeys(FACTS).dependencies.restoreKeys[0])
  expect(dependencies.restoreKeys[1]).toBe(cacheKeys(FACTS).dependencies.restoreKeys[1])
  expect(home).toEqual(cacheKeys(FACTS).home)
})

const build = (more: Partial<CookPlan['builds'][number]>) => ({
  ...PLAN,
  builds: PLAN.builds.map((each) => ({ ...each, ...more })),
})
const gates = (more: Partial<CookPlan['gates']>) => ({ ...PLAN, gates: { ...PLAN.gates, ...more } })

test.each<[string, Partial<KeyFacts>]>([
  ['system', { os: 'macOS' }],
  ['machine type', { arch: 'ARM64' }],
  ['image', { image: 'debian12' }],
  ['image that only starts alike', { image: 'ubuntu24.04' }],
  ['compiler', { rustc: RUSTC.replaceAll('59807616e', '69807616e') }],
  [
    'compiler of a distribution, which tells no commit',
    { rustc: RUSTC.replace(/commit-hash: .*/, 'commit-hash: unknown') },
  ],
  ['host of the compiler', { rustc: RUSTC.replace('linux-gnu', 'linux-musl') }],
  ['layout', { layout: 'v2' }],
  ['flags', { flags: '0'.repeat(32) }],
  [
    'target',
    { plan: build({ target: { name: 'x86_64-unknown-linux-gnu.2.28', triple: 'x86_64-unknown-linux-gnu' } }) },
  ],
  ['profile', { plan: build({ profile: 'dist' }) }],
  ['features', { plan: build({ featureArguments: ['--all-features'] }) }],
  ['package', { plan: build({ packages: [{ name: 'worker', version: '0.1.0' }] }) }],
  ['set of gates', { plan: gates({ test: false }) }],
  ['profile that clippy is told', { plan: gates({ clippyArguments: ['--release'] }) }],
  ['profile that the tests are told', { plan: gates({ testArguments: [['--release']] }) }],
  ['target of the tests', { plan: gates({ testTarget: 'aarch64-unknown-linux-gnu' }) }],
])('nothing is restored from another %s', (_, more) => {
  const before = cacheKeys(FACTS).dependencies
  const after = changed(more).dependencies
  expect(before.restoreKeys.some((prefix) => after.key.startsWith(prefix))).toBe(false)
  expect(after.restoreKeys.some((prefix) => before.key.startsWith(prefix))).toBe(false)
})

test('what links is asked for last, and what was linked by something else is told from it', () => {
  const { restoreKeys, linkedBy, isLinkedBy } = dependenciesKey(FACTS)
  const [own, other] = [linkedBy(LINKING), linkedBy('b'.repeat(32))]
  expect(new Set([own, other].flatMap((key) => restoreKeys.filter((prefix) => key.startsWith(prefix)))).size).toBe(2)
  expect([own, partialKey(own), other, partialKey(other)].map((key) => isLinkedBy(LINKING, key))).toEqual([
    ...[true, true, false, false],
  ])
  // The same of an older recipe is of use.
  expect(isLinkedBy(LINKING, dependenciesKey({ ...FACTS, recipe: '0'.repeat(32) }).linkedBy(LINKING))).toBe(true)
})

test('versions, binaries, zig and the order of builds are no part of them', () => {
  const [one] = PLAN.builds
  const two = { ...PLAN, builds: one === undefined ? [] : [one, { ...one, profile: 'dist' }] }
  expect(changed({ plan: build({ packages: [{ name: 'app', version: '9.0.0' }], binaries: [] }) })).toEqual(
    cacheKeys(FACTS),
  )
  expect(changed({ plan: build({ through: { zigbuild: '/a/z' } }) })).toEqual(cacheKeys(FACTS))
  expect(changed({ plan: two })).toEqual(changed({ plan: { ...two, builds: two.builds.toReversed() } }))
})

test('two compilers without a commit are told apart by all that they say', () => {
  const debian = RUSTC.replace(/commit-hash: .*/, 'commit-hash: unknown')
  expect(changed({ rustc: debian }).dependencies.key).not.toBe(
    changed({ rustc: debian.replaceAll('1.95.0', '1.94.0') }).dependencies.key,
  )
})

test('whatever the facts are, a key is short and plain, and its parts cannot run into each other', () => {
  const text = fc.oneof(fc.string(), fc.constantFrom('a-b', 'a,b', 'Ü', '', '../..', 'x'.repeat(5000), 'a\nb'))
  const facts = fc.record({ os: text, arch: text, image: text, rustc: text, flags: text, recipe: text, lock: text })
  fc.assert(
    fc.property(facts, (more) => {
      const { home, dependencies } = changed(more)
      for (const { key, restoreKeys } of [home, dependencies]) {
        expect(key).toMatch(/^[a-z0-9.-]{1,400}$/)
        expect(restoreKeys.every((prefix) => key.startsWith(prefix))).toBe(true)
        expect(key.slice(restoreKeys[0]?.length)).not.toContain('-')
      }
      expect(dependencies.key.split('-')).toHaveLength(11)
    }),
  )
})

test('the layout is the new one from 1.99, unless it is turned off', () => {
  const off = { __CARGO_TEMPORARY_BUILD_DIR_NEW_LAYOUT_OPT_OUT: '1' }
  expect([cargoLayout('1.95.0', {}), cargoLayout('1.99.0', {}), cargoLayout('1.99.0', off)]).toEqual(['v1', 'v2', 'v1'])
  expect(cargoLayout('nonsense', {})).toBe('v1')
})
