import { expect, test } from 'vitest'
import type { Given } from '../../src/settings/reading.ts'
import { settle } from '../../src/settings/settle.ts'
import { names, table } from '../../src/settings/table.ts'

const given = (values: Record<string, unknown>, origin = 'input') =>
  Object.entries(values).map(([name, value]) => ({ name, value, origin: `${origin} ${name}` }) as Given)

const problemsOf = (all: Given[]) => settle(all).problems

test('with nothing given every setting has its default', () => {
  const result = settle([])
  expect(result.problems).toEqual([])
  for (const name of names) expect(result.settings[name]).toEqual(table[name].default)
})

test('the first source wins, and each value knows where it came from', () => {
  const result = settle([...given({ profile: 'a' }), ...given({ profile: 'b', artifact: 'c' }, '[x]')])
  expect(result.problems).toEqual([])
  expect([result.settings.profile, result.settings.artifact]).toEqual(['a', 'c'])
  expect([result.origins.profile, result.origins.artifact, result.origins.bin]).toEqual([
    'input profile',
    '[x] artifact',
    'default',
  ])
})

test('lists come as text or as arrays, and `none` clears one', () => {
  const lists = [' a, b\n c ,,a', 'a\r\nb\r\nc\r\n', ['a', 'b'], 'none', ['none'], []].map((value) => {
    const result = settle(given({ features: value }))
    return result.problems.length === 0 ? result.settings.features : result.problems
  })
  expect(lists).toEqual([['a', 'b', 'c'], ['a', 'b', 'c'], ['a', 'b'], [], [], []])
})

test('all wrong kinds are told at once', () => {
  expect(
    problemsOf(given({ command: 'fly', 'dry-run': 'yes', features: [1], profile: 7, artifact: 'a\n::error::b' })),
  ).toEqual([
    'input command must be one of plan, check, build, but it is `fly`.',
    'input dry-run must be `true` or `false`, but it is `yes`.',
    'input features must be a list of texts, but it is `[1]`.',
    'input profile must be text, but it is `7`.',
    'input artifact must be one line, but it is `a\n::error::b`.',
  ])
})

test('the items of a list that has choices are checked, and gates cannot both fail and warn', () => {
  expect(settle(given({ gates: 'fmt, clippy:warn' })).settings.gates).toEqual(['fmt', 'clippy:warn'])
  expect(problemsOf(given({ gates: 'clipy' }))).toEqual(['input gates names `clipy`; did you mean `clippy`?'])
  expect(problemsOf(given({ gates: ['lint-everything'] }))[0]).toMatch(
    /^input gates names `lint-everything`; there is fmt, clippy, /,
  )
  expect(problemsOf(given({ gates: 'audit, audit:warn' }))[0]).toContain('`audit` or `audit:warn`, not both')
  expect(settle(given({ gates: 'fmt, test:nextest' })).settings.gates).toEqual(['fmt', 'test:nextest'])
  expect(problemsOf(given({ gates: 'test:nextest, test' }))[0]).toContain('`test` or `test:nextest`, not both')
})

test('what a gate cannot be is told with the gates that can', () => {
  expect(problemsOf(given({ gates: 'test:warn' }))).toEqual([
    'input gates names `test:warn`, but `test` cannot be `:warn`; clippy, audit, deny can.',
  ])
  expect(problemsOf(given({ gates: ['fmt:warn'] }))[0]).toContain('`fmt` cannot be `:warn`; clippy, audit, deny can.')
  expect(problemsOf(given({ gates: 'fmt:nextest' }))[0]).toContain('`fmt` cannot be `:nextest`; test can.')
  expect(problemsOf(given({ gates: 'clippy:wran' }))[0]).toContain('did you mean `clippy:warn`?')
})

test('`none` stands alone', () => {
  for (const gates of ['none,fmt', 'fmt\nnone', ['none', 'fmt']]) {
    expect(problemsOf(given({ gates }))).toEqual([
      'input gates names `none` beside fmt, but `none` stands alone: leave out one or the other.',
    ])
  }
  expect(settle(given({ gates: 'none, none' })).settings.gates).toEqual([])
  // There it can be a name like any other.
  expect(settle(given({ features: 'none, fmt' })).settings.features).toEqual(['none', 'fmt'])
})

test('words come as a line or as an array', () => {
  expect(settle(given({ 'test-args': `--test "a b" -- --nocapture` })).settings['test-args']).toEqual([
    '--test',
    'a b',
    '--',
    '--nocapture',
  ])
  expect(settle(given({ 'clippy-args': ['-A', 'x y'] })).settings['clippy-args']).toEqual(['-A', 'x y'])
  expect(settle(given({ 'clippy-args': 'none' })).settings['clippy-args']).toEqual([])
  expect(problemsOf(given({ 'test-args': '"open' }))[0]).toContain('must be words whose quotes are closed')
  expect(problemsOf(given({ 'test-args': [1] }))[0]).toContain('must be a list of texts')
})

test('a wrong secret is not shown', () => {
  const [problem] = problemsOf(given({ 'cargo-git-token': 'ghs_abc\nx' }))
  expect(problem).toBe('input cargo-git-token must be one line, but it is this value.')
})

test('what a command would ignore is refused, unless it stands in Cargo.toml for other runs', () => {
  expect(problemsOf(given({ command: 'plan', 'dry-run': 'true' }))).toEqual([
    'input dry-run has no meaning for the command `plan`; it belongs to check, build.',
  ])
  expect(problemsOf([...given({ command: 'plan' }), ...given({ 'dry-run': true }, '[package')])).toEqual([])
})

test('taking and compiling contradict each other', () => {
  expect(problemsOf(given({ from: 'artifact:x', profile: 'dist', features: 'a' }))).toEqual([
    'input features contradicts input from: with `from` nothing is checked, compiled or uploaded. Leave one of them out.',
    'input profile contradicts input from: with `from` nothing is checked, compiled or uploaded. Leave one of them out.',
  ])
})
