import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { reproducible, rustcWrapper } from '../../src/build/reproducible.ts'

const PLACES = {
  cargoHome: '/home/me/.cargo',
  checkout: '/home/me/work/project',
  targetDirectory: '/home/me/work/project/target',
  buildDirectory: '/home/me/work/project/target',
  commitTime: 1_700_000_000.9,
}

test('a flag that cargo compares names no folder of the checkout', () => {
  const { rustflags, environment } = reproducible(PLACES)
  expect(rustflags).toEqual(['--remap-path-prefix=/home/me/.cargo=/cargo'])
  expect(environment).toEqual({ CARGO_INCREMENTAL: '0', SOURCE_DATE_EPOCH: '1700000000' })
  expect(reproducible({ ...PLACES, commitTime: undefined }).environment).toEqual({ CARGO_INCREMENTAL: '0' })
})

test('a folder inside another comes after it, since the last flag that fits counts', () => {
  const order = (more: Partial<typeof PLACES>) =>
    reproducible({ ...PLACES, ...more })
      .remap.split('\n')
      .map((flag) => flag.replace(/^.*=/, ''))
  expect(order({})).toEqual(['/cargo', '/build', '/target', '/target'])
  expect(order({ cargoHome: '/home/me/work/project/.cargo' }).at(-1)).toBe('/cargo')
  expect(order({ cargoHome: '/home/me/work/project/target/.cargo' }).at(-1)).toBe('/cargo')
})

test('a folder that cannot be told from others is left alone', () => {
  expect(
    reproducible({ ...PLACES, cargoHome: '/', checkout: '', targetDirectory: 'a\nb', buildDirectory: '/a\nb' }),
  ).toMatchObject({
    rustflags: [],
    remap: '',
  })
})

let scratch = ''
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'rust-deploy-wrapper-'))
})
afterEach(() => rmSync(scratch, { recursive: true }))

/** A program that prints each of its arguments on a line of its own. */
function showing(name: string): string {
  const path = join(scratch, name)
  writeFileSync(path, `#!/bin/sh\nprintf '%s\\n' ${name} "$@"\n`)
  chmodSync(path, 0o755)
  return path
}

async function called(more: { remap: string; environment?: Record<string, string>; configuredWrapper?: string }) {
  const { remap, environment = {}, configuredWrapper } = more
  const own = await rustcWrapper({
    scratch: join(scratch, 'here'),
    remap,
    directory: scratch,
    environment,
    configuredWrapper,
  })
  const args = [showing('rustc'), '--crate-name', 'a b', '-C', '*', '']
  const elsewhere = join(scratch, 'elsewhere')
  mkdirSync(elsewhere, { recursive: true })
  const env = { PATH: `${scratch}:${process.env['PATH']}`, ...environment, ...own }
  return execFileSync(own['RUSTC_WRAPPER'] ?? '', args, { env, cwd: elsewhere, encoding: 'utf8' }).split('\n')
}

const HOSTILE = '--remap-path-prefix=/a b/$(touch x)/`id`/*/\'"\\;&=/build'

test('the wrapper hands on what it got, and adds one flag a line, whatever stands in it', async () => {
  expect(await called({ remap: `${HOSTILE}\n--remap-path-prefix=/c=/d` })).toEqual([
    ...['rustc', '--crate-name', 'a b', '-C', '*', '', HOSTILE, '--remap-path-prefix=/c=/d', ''],
  ])
})

test.each([
  ['a variable', { environment: { RUSTC_WRAPPER: 'sccache' } }],
  ['a variable of cargo', { environment: { CARGO_BUILD_RUSTC_WRAPPER: './sccache' } }],
  ['a file', { configuredWrapper: 'sccache' }],
  ['a variable, and a file', { environment: { RUSTC_WRAPPER: 'sccache' }, configuredWrapper: 'none' }],
])("the user's own wrapper is still called: %s", async (_, own) => {
  showing('sccache')
  const said = await called({ remap: '--x', ...own })
  expect(said).toEqual(['sccache', join(scratch, 'rustc'), '--crate-name', 'a b', '-C', '*', '', '--x', ''])
})

test('an empty variable takes away what a file says', async () => {
  expect((await called({ remap: '--x', environment: { RUSTC_WRAPPER: '' }, configuredWrapper: 'none' }))[0]).toBe(
    'rustc',
  )
})

test('without anything to rename there is no wrapper', async () => {
  expect(
    await rustcWrapper({ scratch, remap: '', directory: scratch, environment: {}, configuredWrapper: undefined }),
  ).toEqual({})
})
