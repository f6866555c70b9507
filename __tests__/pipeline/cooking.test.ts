import fc from 'fast-check'
import { expect, test } from 'vitest'
import { buildCommand, featureArguments } from '../../src/build/arguments.ts'
import { cargoAbilities, cookCalls } from '../../src/cache/cook.ts'
import { clippyArguments } from '../../src/gates/clippy.ts'
import { compileArguments } from '../../src/gates/test.ts'

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
const NO_GATES = { clippy: false, test: false, testTarget: undefined, featureArguments: [] }

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

test.each([undefined, 'aarch64-unknown-linux-musl'])('and so it is for the gates, with %s', (target) => {
  const features = ['--features', 'tls']
  const own = { featureArguments: features, extraArguments: [], target, colour: false, onReason: undefined }
  const clippy = selected(clippyArguments({ ...own, mode: 'deny', keepsGoing: true }))
  const compiled = selected(compileArguments({ ...own, runner: 'cargo' }))
  const gates = { clippy: true, test: true, testTarget: target, featureArguments: features }
  const [first, second] = cookCalls({ gates, builds: [] }, place).map(({ args }) => selected(args).join(' '))
  // Dependencies are only checked by clippy, and compiled for the tests in the profile that `cargo test` takes.
  expect(first).toBe(inOrder(['check', ...clippy.slice(1)], first))
  expect(second).toBe(inOrder(['build', '--tests', '--examples', '--profile', 'test', ...compiled.slice(1)], second))
})

/** The same words, in the order of the other; or as they are, if they are others. */
function inOrder(words: readonly string[], like = ''): string {
  const wanted = like.split(' ')
  return words.toSorted().join(' ') === wanted.toSorted().join(' ') ? like : words.join(' ')
}
