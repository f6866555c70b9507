import { expect, test } from 'vitest'
import { argumentsFileName, writeArgumentsFile, writeExecArguments } from '../../../src/servers/bootstrap/arguments.ts'

test('arguments of a unit are quoted as systemd reads them', () => {
  expect(writeExecArguments([])).toBe('')
  expect(writeExecArguments(['serve', 'a b', ''])).toBe(' "serve" "a b" ""')
  expect(writeExecArguments(['"', '\\', '%n', '$HOME', '$$', ';'])).toBe(' "\\"" "\\\\" "%%n" "$$HOME" "$$$$" ";"')
})

test('arguments of a release are quoted twice: for the environment, and for its splitting', () => {
  expect(argumentsFileName('smoke')).toBe('smoke.arguments')
  expect(writeArgumentsFile(['check', 'a b'])).toBe('RUST_DEPLOY_ARGUMENTS="\\"check\\" \\"a b\\""\n')
  expect(writeArgumentsFile([])).toBe('RUST_DEPLOY_ARGUMENTS=""\n')
  expect(() => writeArgumentsFile(['a\nUser=root'])).toThrow('has a control character in it')
})
