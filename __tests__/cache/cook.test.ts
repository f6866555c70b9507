import { parse } from 'smol-toml'
import { expect, test } from 'vitest'
import { type CookBuild, type CookPlan, cargoAbilities, cookCalls, cookConfig, workOf } from '../../src/cache/cook.ts'

const BUILD: CookBuild = {
  packages: [{ name: 'app', version: '0.1.0' }],
  binaries: ['app'],
  featureArguments: ['--features', 'tls'],
  profile: 'release',
  target: { name: 'x86_64-unknown-linux-gnu.2.28', triple: 'x86_64-unknown-linux-gnu' },
  through: {},
}

const GATES: CookPlan['gates'] = {
  clippy: true,
  test: true,
  testTarget: undefined,
  featureArguments: ['--all-features'],
  clippyArguments: [],
  testArguments: [[]],
}

const PLACE = { manifest: '/s/Cargo.toml', config: '/s/cook.toml', cargo: cargoAbilities('1.95.0') }
const IN_PLACE = '--config /s/cook.toml --manifest-path /s/Cargo.toml --locked --offline'
const AT_LAST = '--keep-going --message-format json-render-diagnostics'

function lines(plan: CookPlan, place = PLACE): string[] {
  return cookCalls(plan, place).map(({ purpose, file, args }) => `${purpose}: ${file} ${args.join(' ')}`)
}

test('each gate and each build has its own call', () => {
  expect(lines({ gates: GATES, builds: [BUILD, { ...BUILD, profile: 'dist', featureArguments: [] }] })).toEqual([
    `gates: cargo check ${IN_PLACE} --all-targets --workspace --all-features ${AT_LAST}`,
    `gates: cargo build ${IN_PLACE} --tests --examples --profile test --workspace --all-features ${AT_LAST}`,
    `x86_64-unknown-linux-gnu: cargo build ${IN_PLACE} --target x86_64-unknown-linux-gnu --release --package app@0.1.0 --bin app --features tls ${AT_LAST}`,
    `x86_64-unknown-linux-gnu: cargo build ${IN_PLACE} --target x86_64-unknown-linux-gnu --profile dist --package app@0.1.0 --bin app ${AT_LAST}`,
  ])
})

test('a gate that does not run is not cooked for, and both can have a target', () => {
  expect(lines({ gates: { ...GATES, clippy: false, test: false }, builds: [] })).toEqual([])
  const [test] = lines({ gates: { ...GATES, clippy: false, testTarget: 'aarch64-unknown-linux-gnu' }, builds: [] })
  expect(test).toContain('--profile test --target aarch64-unknown-linux-gnu --workspace')
  const [clippy] = lines({ gates: { ...GATES, test: false, testTarget: 'aarch64-unknown-linux-gnu' }, builds: [] })
  expect(clippy).toContain('--all-targets --target aarch64-unknown-linux-gnu --workspace')
})

test('what decides about units is asked for as each gate asks for it, and the tests as often as they are compiled', () => {
  const gates = {
    ...GATES,
    featureArguments: [],
    clippyArguments: ['--profile', 'x'],
    testArguments: [[], ['--release', '--features', 'a']],
  }
  expect(lines({ gates, builds: [] })).toEqual([
    `gates: cargo check ${IN_PLACE} --all-targets --workspace --profile x ${AT_LAST}`,
    `gates: cargo build ${IN_PLACE} --tests --examples --profile test --workspace ${AT_LAST}`,
    `gates: cargo build ${IN_PLACE} --tests --examples --workspace --release --features a ${AT_LAST}`,
  ])
  const config = cookConfig({ gates, builds: [] }, [{ name: 'app', version: '1.0.0' }])
  expect(Object.keys(parse(config)['profile'] ?? {})).toEqual(['release', 'test', 'x'])
})

test('zig stands in for cargo where it links, and understands the glibc', () => {
  const [call] = cookCalls(
    {
      gates: { ...GATES, clippy: false, test: false },
      builds: [{ ...BUILD, through: { zigbuild: '/t/cargo-zigbuild' } }],
    },
    PLACE,
  )
  expect(call?.file).toBe('/t/cargo-zigbuild')
  expect(call?.args.slice(0, 1)).toEqual(['zigbuild'])
  expect(call?.args.join(' ')).toContain('--target x86_64-unknown-linux-gnu.2.28')
})

test('an old cargo is not told to keep going', () => {
  const place = { ...PLACE, cargo: cargoAbilities('1.73.0') }
  expect(lines({ gates: GATES, builds: [BUILD] }, place).some((line) => line.includes('--keep-going'))).toBe(false)
})

test.each([
  ['', []],
  ['1.70.0', []],
  ['1.71.0', ['namesDebugLevels']],
  ['1.73.0', ['namesDebugLevels']],
  ['1.74.1', ['namesDebugLevels', 'keepsGoing']],
  ['1.91.0-nightly (abc 2025-08-01)', ['namesDebugLevels', 'keepsGoing', 'hasBuildDirectory']],
  ['2.0.0', ['namesDebugLevels', 'keepsGoing', 'hasBuildDirectory']],
])('what cargo %s can do depends on its age', (version, can) => {
  const abilities = Object.entries(cargoAbilities(version))
  expect(abilities.flatMap(([ability, has]) => (has ? [ability] : []))).toEqual(can)
})

test('every local package gets a profile of its own wherever it is compiled, whatever it is called', () => {
  const hostile = 'a"]\nlto = "x'
  const plan = { gates: GATES, builds: [{ ...BUILD, profile: 'tight' }] }
  const { profile } = parse(
    cookConfig(plan, [
      { name: 'app', version: '0.1.0' },
      { name: hostile, version: '1' },
    ]),
  )
  const own = { 'app@0.1.0': { 'codegen-units': 251 }, [`${hostile}@1`]: { 'codegen-units': 251 } }
  expect(profile).toEqual({ dev: { package: own }, test: { package: own }, tight: { package: own } })
})

test('features, arguments and test target of gates that do not run are no part of the work', () => {
  const own = { clippyArguments: [], testArguments: [[]] }
  const none = { clippy: false, test: false, testTarget: undefined, featureArguments: [], ...own }
  const asked = { clippyArguments: ['--release'], testArguments: [['--release']] }
  expect(
    workOf({ gates: { ...none, ...asked, testTarget: 'x', featureArguments: ['--all-features'] }, builds: [] }),
  ).toEqual(workOf({ gates: none, builds: [] }))
  const clippy = { ...none, clippy: true }
  for (const more of [{ testTarget: 'x' }, { clippyArguments: ['--release'] }]) {
    expect(workOf({ gates: { ...clippy, ...more }, builds: [] })).not.toEqual(workOf({ gates: clippy, builds: [] }))
  }
  expect(workOf({ gates: { ...clippy, testArguments: [['--release']] }, builds: [] })).toEqual(
    workOf({ gates: clippy, builds: [] }),
  )
})
