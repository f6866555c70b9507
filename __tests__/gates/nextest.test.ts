import { expect, test } from 'vitest'
import { junitOf, nextestArguments, profileOf } from '../../src/gates/nextest.ts'

test('the arguments of nextest', () => {
  const options = {
    target: 'x86_64-unknown-linux-musl',
    featureArguments: ['--all-features'],
    extraArguments: ['-E', 'all()'],
  }
  expect(nextestArguments(options, '/scratch/nextest.toml').join(' ')).toBe(
    'nextest run --workspace --no-fail-fast --locked --offline --tool-config-file rust-deploy:/scratch/nextest.toml --target x86_64-unknown-linux-musl --all-features -E all()',
  )
})

test('the profile that the arguments name', () => {
  expect(profileOf(['--profile', 'ci'])).toBe('ci')
  expect(profileOf(['--profile=ci'])).toBe('ci')
  expect(profileOf(['-P', 'ci'])).toBe('ci')
  expect(profileOf(['-Pci'])).toBe('ci')
  expect(profileOf(['--', '--profile', 'ci'])).toBeUndefined()
  expect(profileOf([])).toBeUndefined()
})

test("where the project's own profile puts its report", () => {
  const ci = '[profile.ci.junit]\npath = "j.xml"\n'
  expect(junitOf(ci, 'ci', '/repo')).toBe('/repo/target/nextest/ci/j.xml')
  expect(junitOf(ci, 'default', '/repo')).toBeUndefined()
  expect(junitOf('[profile.default.junit]\npath = "j.xml"\n', 'ci', '/repo')).toBe('/repo/target/nextest/ci/j.xml')
  expect(junitOf(`[store]\ndir = "kept"\n[profile.deep]\ninherits = "ci"\n${ci}`, 'deep', '/repo')).toBe(
    '/repo/kept/deep/j.xml',
  )
  expect(junitOf('[profile.a]\ninherits = "b"\n[profile.b]\ninherits = "a"\n', 'a', '/repo')).toBeUndefined()
  for (const wrong of ['= broken', 'profile = 1', 'profile.ci = 1', '[profile.ci]\njunit = []', 'store = 3']) {
    expect(junitOf(wrong, 'ci', '/repo')).toBeUndefined()
  }
})
