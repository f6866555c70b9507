import fc from 'fast-check'
import { expect, test } from 'vitest'
import { buildCommand, featureArguments } from '../../src/build/arguments.ts'
import { cargoAbilities, cookCalls } from '../../src/cache/cook.ts'
import { clippyArguments } from '../../src/gates/clippy.ts'
import { nextestArguments } from '../../src/gates/nextest.ts'
import { compileArguments } from '../../src/gates/test.ts'
import { cookPlanOf } from '../../src/pipeline/cooking.ts'
import { hello, hostTriple, madeProject } from '../made-project.ts'
import { factsOf } from './made-facts.ts'

/** All that two calls may differ in: where the project is, how much is said, and what both always say. */
const WITHOUT = ['--config', '--manifest-path', '--message-format']
const ALIKE = ['--locked', '--offline', '--keep-going', '--verbose', '--workspace', '--no-fail-fast', '--no-run']

function selected(args: readonly string[]): string[] {
  return args.filter(
    (arg, index) => !ALIKE.includes(arg) && !WITHOUT.includes(arg) && !WITHOUT.includes(args[index - 1] ?? ''),
  )
}

const name = fc.constantFrom('api', 'worker', 'a-b', 'release')
const cargo = cargoAbilities('1.95.0')
const place = { manifest: '/skeleton/Cargo.toml', config: '/skeleton/config.toml', cargo }
const NO_ARGUMENTS = { clippyArguments: [], testArguments: [[]] }
const NO_GATES = { clippy: false, test: false, testTarget: undefined, featureArguments: [], ...NO_ARGUMENTS }

test('what is compiled ahead is selected as the build selects it, or its units would be others', () => {
  const compilation = fc.record({
    packages: fc.array(fc.record({ name, version: fc.constantFrom('0.1.0', '2.0.0-rc.1') }), {
      minLength: 1,
      maxLength: 3,
    }),
    binaries: fc.array(name, { minLength: 1, maxLength: 3 }),
    features: fc.uniqueArray(fc.constantFrom('all', '-default', 'tls', 'metrics')),
    profile: fc.constantFrom('release', 'dist'),
    target: fc.constantFrom(
      { name: 'x86_64-unknown-linux-musl', triple: 'x86_64-unknown-linux-musl' },
      { name: 'aarch64-unknown-linux-gnu.2.28', triple: 'aarch64-unknown-linux-gnu' },
    ),
    zigbuild: fc.constantFrom(undefined, 'cargo-zigbuild'),
  })
  fc.assert(
    fc.property(compilation, ({ features, zigbuild, ...more }) => {
      const through = { zigbuild }
      const built = buildCommand({ ...more, features, through, explains: false })
      const [cooked] = cookCalls(
        { gates: NO_GATES, builds: [{ ...more, featureArguments: featureArguments(features), through }] },
        place,
      )
      expect([cooked?.file, selected(cooked?.args ?? [])]).toEqual([built.file, selected(built.args)])
    }),
  )
})

const MADE: Record<string, string> = hello({ 'src/main.rs': 'fn main() {}\n' }, '[features]\ntls = []\n')

/** What is compiled ahead for the gates of a project with these settings: that of clippy, then that of the tests. */
async function cookedFor(settings: Parameters<typeof factsOf>[1], more: Record<string, string> = {}) {
  using project = madeProject({ ...MADE, ...more })
  const facts = await factsOf(project.folder, { command: 'check', gates: 'clippy, test', features: 'tls', ...settings })
  return cookCalls(cookPlanOf(facts, []), place).map(({ args }) => selected(args).join(' '))
}

const own = { featureArguments: ['--features', 'tls'], colour: false, onReason: undefined }
const EXTRA: readonly string[] = ['', '--release', '--profile x', '--features a --all-features', '--target t']

test.each(['', 'aarch64-unknown-linux-musl'].flatMap((target) => EXTRA.map((extra) => [target, extra] as const)))(
  'and so it is for the gates, with the target %j and the arguments %j',
  async (target, extra) => {
    const extraArguments = extra.split(' ').filter((word) => word !== '')
    const asked = { ...own, extraArguments, target: target === '' ? undefined : target }
    const clippy = selected(clippyArguments({ ...asked, mode: 'deny', keepsGoing: true }))
    const compiled = selected(compileArguments({ ...asked, runner: 'cargo' }))
    const settings = { 'test-target': target, 'clippy-args': extra, 'test-args': extra }
    const [first, second, ...others] = await cookedFor(settings)
    expect(others).toEqual([])
    // Dependencies are only checked by clippy, and compiled for the tests in the profile that `cargo test` takes.
    expect(first).toBe(inOrder(['check', ...clippy.slice(1)], first))
    const profile = /--(release|profile)/.test(extra) ? [] : ['--profile', 'test']
    expect(second).toBe(inOrder(['build', '--tests', '--examples', ...profile, ...compiled.slice(1)], second))
  },
)

test('what only selects, and what is for the test programs, is not asked for when nothing but dependencies is compiled', async () => {
  const plain = await cookedFor({})
  const settings = { 'clippy-args': '--lib --no-deps -- -D warnings', 'test-args': '--bin hello name -- --release -r' }
  expect(await cookedFor(settings)).toEqual(plain)
  expect(await cookedFor({ 'test-target': hostTriple() })).toEqual(plain)
})

test.each([
  ['the project', { gates: 'clippy, test' }, { '.config/nextest.toml': '' }],
  ['the setting', { gates: 'clippy, test:nextest' }, {}],
])(
  'where %s wants nextest, the tests are compiled by cargo, and again for what nextest alone is told',
  async (_, wanted, more) => {
    const plain = await cookedFor({})
    expect(await cookedFor({ ...wanted, 'test-args': '--profile ci -P ci' }, more)).toEqual(plain)

    const args = ['--profile', 'ci', '--cargo-profile', 'x', '-Fa']
    const [clippy, before, after] = await cookedFor({ ...wanted, 'test-args': args.join(' ') }, more)
    expect([clippy, before]).toEqual(plain)
    expect(after).toBe('build --tests --examples --features tls --profile x --features a')
    // Which is what the gate itself does.
    const gate = { ...own, extraArguments: args, target: undefined }
    expect(selected(compileArguments({ ...gate, runner: 'nextest' }))).toEqual(
      selected(compileArguments({ ...gate, extraArguments: [], runner: 'cargo' })),
    )
    expect(nextestArguments(gate, 'c').slice(-args.length)).toEqual(args)
  },
)

/** The same words, in the order of the other; or as they are, if they are others. */
function inOrder(words: readonly string[], like = ''): string {
  const wanted = like.split(' ')
  return words.toSorted().join(' ') === wanted.toSorted().join(' ') ? like : words.join(' ')
}
