import { expect, test } from 'vitest'
import { type AdviceOptions, adviceOn } from '../../src/build/advice.ts'
import type { Ingredient } from '../../src/build/ingredients.ts'
import { checkProfileForDeploy, readProfile } from '../../src/build/profile.ts'
import { Refused } from '../../src/report/ending.ts'

const profileOf = (manifest: string, name = 'release', environment = {}) =>
  readProfile({ name, manifest, configs: [], environment })

test('what nobody sets is as cargo has it', () => {
  const unset = { strip: undefined, lto: undefined, codegenUnits: undefined, panic: undefined }
  expect(profileOf('')).toEqual({ name: 'release', optLevel: '3', debugAssertions: false, ...unset })
  expect(profileOf('', 'dev')).toMatchObject({ optLevel: '0', debugAssertions: true })
  expect(profileOf('', 'bench')).toMatchObject({ optLevel: '3', debugAssertions: false })
  expect(profileOf('', 'nobody-made-it')).toMatchObject({ optLevel: '0', debugAssertions: false })
})

test('a profile has what it inherits, then its own, and the environment over each', () => {
  const manifest = `
    [profile.release]
    lto = true
    codegen-units = 4
    panic = "abort"
    [profile.dist-small]
    inherits = "release"
    opt-level = "z"
    strip = true
  `
  expect(profileOf(manifest, 'dist-small')).toEqual({
    name: 'dist-small',
    optLevel: 'z',
    debugAssertions: false,
    strip: 'true',
    lto: 'true',
    codegenUnits: 4,
    panic: 'abort',
  })
  const environment = {
    CARGO_PROFILE_RELEASE_LTO: 'off',
    CARGO_PROFILE_RELEASE_OPT_LEVEL: '1',
    CARGO_PROFILE_DIST_SMALL_CODEGEN_UNITS: '1',
    CARGO_PROFILE_DEV_PANIC: 'unwind',
  }
  expect(profileOf(manifest, 'dist-small', environment)).toMatchObject({
    lto: 'off',
    optLevel: 'z',
    codegenUnits: 1,
    panic: 'abort',
  })
})

test.each([
  ['no TOML', '[profile'],
  ['no tables', 'profile = 7'],
  ['a profile that is no table', '[profile]\nrelease = 7'],
  ['a profile that inherits itself', '[profile.release]\ninherits = "release"'],
  ['values of other types', '[profile.release]\nopt-level = []\ncodegen-units = "many"\nlto = {}'],
])('%s is no reason to fall', (_, manifest) => {
  expect(profileOf(manifest).name).toBe('release')
  expect(profileOf(`${manifest}\n`, 'x').name).toBe('x')
})

test('two profiles that inherit each other come to an end', () => {
  expect(profileOf('[profile.a]\ninherits = "b"\n[profile.b]\ninherits = "a"\nlto = true', 'a').lto).toBe('true')
})

test.each([
  ['', 'dev', 'is for developing'],
  ['[profile.dev]\nopt-level = 3\ndebug-assertions = false', 'dev', 'is for developing'],
  ['[profile.release]\nopt-level = 0', 'release', 'nothing is optimised'],
  ['[profile.dist]\ninherits = "release"\ndebug-assertions = true', 'dist', 'checks for developers'],
  ['[profile.slow]\ninherits = "dev"', 'slow', 'nothing is optimised'],
])('not deployed: %j as %s', (manifest, name, why) => {
  const check = () => checkProfileForDeploy(profileOf(manifest, name))
  expect(check).toThrow(Refused)
  expect(check).toThrow(why)
})

test('a release, and what inherits from it, is deployed', () => {
  checkProfileForDeploy(profileOf(''))
  checkProfileForDeploy(profileOf('[profile.dist]\ninherits = "release"\nopt-level = "s"', 'dist'))
})

const ingredient = (name: string, features: string[] = [], linked = true): Ingredient => ({
  package: {
    id: name,
    name,
    version: '1.0.0',
    source: undefined,
    checksum: undefined,
    licence: undefined,
    description: undefined,
    repository: undefined,
    dependencies: [],
  },
  features,
  linked,
  needs: [],
})

const TOKIO = ingredient('tokio', ['rt-multi-thread'])
const BEST = '[profile.release]\nstrip = "symbols"\nlto = "fat"\ncodegen-units = 1\npanic = "abort"'

const adviceFor = (manifest: string, more: Partial<AdviceOptions> = {}) =>
  adviceOn({
    profile: profileOf(manifest),
    size: undefined,
    target: 'x86_64-unknown-linux-musl',
    ingredients: [],
    ...more,
  })

test('what is left on the table is said in one sentence each, and nothing of what is taken', () => {
  expect(adviceFor('')).toEqual([
    '`strip = "symbols"` in [profile.release] leaves the symbols out of the binary.',
    expect.stringMatching(/^`lto = "thin"` in \[profile\.release\] .*\.$/),
    expect.stringMatching(/^`codegen-units = 1` in /),
    expect.stringMatching(/^`panic = "abort"` in .*, if the whole service may end/),
  ])
  expect(adviceFor(BEST)).toEqual([])
  expect(adviceFor(BEST.replace('"fat"', 'false'))).toEqual([expect.stringContaining('lto')])
})

test('what stripping would save is told from the headers, which also know when there is nothing to save', () => {
  const [strip] = adviceFor('', { size: { total: 12_400_000, symbols: 3_100_000 } })
  expect(strip).toContain("would save 3.1 MB of the binary's 12 MB")
  expect(adviceFor('', { size: { total: 12_400_000, symbols: 0 } }).join()).not.toContain('strip')
})

test('threads on musl without another allocator get one line', () => {
  expect(adviceFor(BEST, { ingredients: [TOKIO] })).toEqual([expect.stringContaining('`tokio` runs several')])
  expect(adviceFor(BEST, { ingredients: [ingredient('rayon-core')] })).toHaveLength(1)
  const silent: Partial<AdviceOptions>[] = [
    { ingredients: [TOKIO, ingredient('mimalloc')] },
    { ingredients: [TOKIO], target: 'x86_64-unknown-linux-gnu' },
    { ingredients: [ingredient('tokio', ['rt'])] },
    { ingredients: [{ ...TOKIO, linked: false }] },
  ]
  for (const more of silent) expect(adviceFor(BEST, more)).toEqual([])
})
