import { expect, test } from 'vitest'
import { readStep } from '../../src/settings/step.ts'

test('an input counts when it holds something', () => {
  const reading = readStep({
    INPUT_PACKAGE: ' api ',
    INPUT_FEATURES: '',
    'INPUT_WORKING-DIRECTORY': '  ',
    PATH: '/bin',
  })
  expect(reading).toEqual({ given: [{ name: 'package', value: ' api ', origin: 'input package' }], problems: [] })
})

test('an unknown input names the nearest known one and never its value', () => {
  const { problems } = readStep({ 'INPUT_CARGO-GIT-TOKN': 'ghs_secret', INPUT_WORKING_DIRECTORY: 'x' })
  expect(problems).toEqual([
    'There is no input `cargo-git-tokn`; did you mean `cargo-git-token`?',
    'There is no input `working_directory`; did you mean `working-directory`?',
  ])
})

test('a variable of the command line is not silently ignored in a step', () => {
  const { problems } = readStep({ RUST_DEPLOY_PROFILE: 'dist', RUST_DEPLOY_SHA: 'abc' })
  expect(problems).toEqual([
    'RUST_DEPLOY_PROFILE is read by the command line only; give the step the input `profile` instead.',
  ])
})
