import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Refused } from '../../../src/report/ending.ts'
import {
  digestOfEnvironment,
  isSameEnvironment,
  saltIn,
  writeEnvironmentFile,
} from '../../../src/servers/environment/environment-file.ts'
import { readServiceEnvironment } from '../../../src/servers/environment/service-environment.ts'
import { environments } from './made-environment.ts'

const SALT = '00112233445566778899aabbccddeeff'

test('a file has a salt and its variables by name, all in double quotes', () => {
  const variables = [
    { name: 'b', value: '' },
    { name: 'A', value: '"two"\n lines \\ $C `d` # %i' },
  ]
  expect(writeEnvironmentFile(variables, SALT)).toMatchInlineSnapshot(`
    "# rust-deploy, do not change. Salt: 00112233445566778899aabbccddeeff
    A="\\"two\\"
     lines \\\\ \\$C \\\`d\\\` # %i"
    b=""
    "
  `)
})

test('our own reader reads back what is written', () => {
  fc.assert(
    fc.property(environments, (variables) => {
      const read = readServiceEnvironment({ env: writeEnvironmentFile(variables, SALT), secrets: '' })
      expect(new Map(read.variables.map(({ name, value }) => [name, value]))).toEqual(
        new Map(variables.map(({ name, value }) => [name, value])),
      )
    }),
    { numRuns: 1000 },
  )
})

test('so does a shell', () => {
  fc.assert(
    fc.property(environments, (variables) => {
      // What a shell rules itself.
      const plain = variables.map(({ name, value }) => ({ name: `x${name}`, value }))
      const script = `set -a\n${writeEnvironmentFile(plain, SALT)}\nexec /usr/bin/env -0`
      const printed = execFileSync('/bin/sh', ['-s'], { input: script, env: {}, encoding: 'utf8' }).split('\0')
      for (const { name, value } of plain) expect(printed).toContain(`${name}=${value}`)
    }),
    { numRuns: 30 },
  )
})

test('the same environment is recognised by its digest and its salt, in whatever order', () => {
  const variables = [
    { name: 'A', value: 'a' },
    { name: 'PIN', value: '1234' },
  ]
  const file = writeEnvironmentFile(variables, SALT)
  const known = { salt: saltIn(file.split('\n')[0] ?? '') ?? '', digest: digestOfEnvironment(file) }
  expect(known.salt).toBe(SALT)
  expect(isSameEnvironment(variables.toReversed(), known)).toBe(true)
  expect(isSameEnvironment([{ name: 'A', value: 'a' }], known)).toBe(false)
  expect(isSameEnvironment(variables.with(1, { name: 'PIN', value: '1235' }), known)).toBe(false)
  // Who has the digest alone cannot try all PINs.
  expect(isSameEnvironment(variables, { ...known, salt: SALT.replace('0', '1') })).toBe(false)
})

test.each([
  ['nothing', ''],
  ['another comment', `# ${SALT}`],
  ['half a salt', '# rust-deploy, do not change. Salt: 0011'],
  ['a variable', 'A="b"'],
])('%s has no salt in it', (_, line) => {
  expect(saltIn(line)).toBeUndefined()
})

test('what would not arrive is refused by name, all at once', () => {
  const variables = [
    { name: 'NUL', value: 'S3CRET\0' },
    { name: 'FINE', value: 'a\tb\n' },
    { name: 'RETURN', value: 'S3CRET\r' },
    { name: 'HALF', value: 'S3CRET\udc00' },
    { name: 'NONE', value: 'S3CRET\u{1ffff}' },
    { name: 'LONG', value: 'x'.repeat(128 * 1024 - 'LONG='.length) },
    { name: 'LAST', value: 'x'.repeat(128 * 1024 - 'LAST='.length - 1) },
  ]
  const write = () => writeEnvironmentFile(variables, SALT)
  expect(write).toThrow(Refused)
  expect(write).toThrow(
    /^The value of `NUL` has a control .*\n.*`RETURN` has a control .*\n.*`HALF` has a character .*\n.*`NONE` has a character .*\n.*`LONG` is longer .*$/,
  )
  expect(write).not.toThrow('S3CRET')
  const nine = Array.from({ length: 9 }, (_, index) => ({ name: `V${index}`, value: 'x'.repeat(120_000) }))
  expect(() => writeEnvironmentFile(nine, SALT)).toThrow(/^The environment of the service has more than 1 MiB/)
  expect(() => writeEnvironmentFile([], 'salt')).toThrow('has 32 hexadecimal digits')
})
