import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readCommandLine } from '../../src/settings/command-line.ts'

const values = (args: string[], environment = {}) =>
  Object.fromEntries(readCommandLine(args, environment).given.map(({ name, value }) => [name, value]))

test('options in every form', () => {
  expect(values(['plan', '--package', 'a', '--package=b', '--dry-run', '--bin', 'x,y', '--profile='])).toEqual({
    command: 'plan',
    package: 'a\nb',
    'dry-run': 'true',
    bin: 'x,y',
  })
  expect(values(['--dry-run=false'])).toEqual({ 'dry-run': 'false' })
})

test('a variable counts where no option does', () => {
  const environment = { RUST_DEPLOY_PROFILE: 'dist', RUST_DEPLOY_WORKING_DIRECTORY: 'api', RUST_DEPLOY_SHA: 'abc' }
  expect(values(['--profile', 'release'], environment)).toEqual({ profile: 'release', 'working-directory': 'api' })
})

test('@path is the content of a file, @@ a value that begins with @', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'rust-deploy-test-')), 'token')
  writeFileSync(path, 'ghs_abc\n')
  expect(values(['--cargo-git-token', `@${path}`, '--artifact', '@@home'])).toEqual({
    'cargo-git-token': 'ghs_abc',
    artifact: '@home',
  })
  expect(values([], { RUST_DEPLOY_CARGO_GIT_TOKEN: `@${path}` })).toEqual({ 'cargo-git-token': 'ghs_abc' })
  expect(readCommandLine(['--profile', '@/no/such/file'], {}).problems).toEqual([
    '--profile names the file /no/such/file, but there is no such file. (Write @@ for a value that begins with @.)',
  ])
})

test('a secret that begins with @ is neither taken from the command line nor repeated', () => {
  const { problems } = readCommandLine(['--cargo-git-token', '@@hunter2'], { RUST_DEPLOY_CARGO_GIT_TOKEN: '@hunter2' })
  expect(problems).toEqual([
    expect.stringContaining('--cargo-git-token would show the secret'),
    'RUST_DEPLOY_CARGO_GIT_TOKEN names a file, but there is no such file. (Write @@ for a value that begins with @.)',
  ])
  expect(values([], { RUST_DEPLOY_CARGO_GIT_TOKEN: '@@hunter2' })).toEqual({ 'cargo-git-token': '@hunter2' })
})

test('every mistake is told at once', () => {
  const args = ['biuld', '--packge', 'api', '--profile', 'a', '--profile', 'b', '--artifact']
  expect(readCommandLine(args, { RUST_DEPLOY_FEATURE: 'x' }).problems).toEqual([
    'There is no command `biuld`; did you mean `build`?',
    'There is no option `--packge`; did you mean `--package`?',
    '--artifact needs a value.',
    '--profile is given 2 times, but it takes one value.',
    'The environment variable RUST_DEPLOY_FEATURE names no setting; did you mean `RUST_DEPLOY_FEATURES`?',
  ])
})

test('two commands are told as such, whichever way they are named', () => {
  const problemsOf = (...args: string[]) => readCommandLine(args, {}).problems
  const both = ['Two commands are given, `plan` and `build`, but a run has one.']
  expect(problemsOf('plan', 'build')).toEqual(both)
  expect(problemsOf('plan', '--command', 'build')).toEqual(both)
  expect(problemsOf('plan', 'check', '--dry-run', 'build')).toEqual([
    '3 commands are given, `plan`, `check` and `build`, but a run has one.',
  ])
  expect(problemsOf('plan', 'plan')).toEqual(['The command `plan` is given 2 times; once is enough.'])
})

test('a secret in the argument list is refused and not repeated', () => {
  for (const args of [
    ['--cargo-git-token', 'ghs_abc'],
    ['--cargo-git-token=ghs_abc'],
    ['--artifact', '--cargo-git-token', 'ghs_abc'],
  ]) {
    const { given, problems } = readCommandLine(args, {})
    expect(problems.join()).toContain('would show the secret to every user of this machine')
    expect(JSON.stringify({ given, problems })).not.toContain('ghs_abc')
  }
})
