import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { sha256Of } from '../../src/build/digest.ts'
import { parseFrom } from '../../src/build/from.ts'
import { readUnit } from '../../src/build/messages.ts'
import { openParcel, packParcel } from '../../src/build/parcel.ts'
import { takeBinaries } from '../../src/build/take.ts'

let folder = ''
let sha256 = ''

beforeEach(async () => {
  const place = mkdtempSync(join(tmpdir(), 'rust-deploy-parcel-'))
  const path = join(place, 'hello')
  writeFileSync(path, 'the bytes', { mode: 0o644 })
  sha256 = await sha256Of(path)
  folder = join(place, 'parcel')
  await packParcel(
    folder,
    [{ package: 'hello', version: '1.0.0', name: 'hello', target: 't', path, size: 9, sha256 }],
    'c0ffee',
  )
})

const rewrite = (change: (manifest: { files: Record<string, unknown>[] } & Record<string, unknown>) => void) => {
  const path = join(folder, 'rust-deploy.json')
  const manifest = JSON.parse(readFileSync(path, 'utf8'))
  change(manifest)
  writeFileSync(path, JSON.stringify(manifest))
}

test('what was packed comes out again, and can be executed', async () => {
  const { binaries, commit } = await openParcel(folder)
  expect(commit).toBe('c0ffee')
  const [binary, ...others] = binaries
  expect(others).toEqual([])
  expect(binary).toEqual({
    package: 'hello',
    version: '1.0.0',
    name: 'hello',
    target: 't',
    path: join(folder, 'hello'),
    size: 9,
    sha256,
  })
  expect(statSync(join(folder, 'hello')).mode & 0o777).toBe(0o755)
})

test('one more byte is seen', async () => {
  appendFileSync(join(folder, 'hello'), '!')
  await expect(openParcel(folder)).rejects.toThrow(
    /The binary hello is not the one that was built: its SHA-256 is .* was expected/,
  )
})

test.each([
  ['no manifest', () => rmSync(join(folder, 'rust-deploy.json')), 'it has no rust-deploy.json'],
  ['no JSON', () => writeFileSync(join(folder, 'rust-deploy.json'), '{'), 'is damaged'],
  [
    'another schema',
    () =>
      rewrite((manifest) => {
        manifest['schema'] = 2
      }),
    'another version of rust-deploy',
  ],
  [
    'no files',
    () =>
      rewrite((manifest) => {
        manifest.files = []
      }),
    'is damaged',
  ],
  ['a missing binary', () => rmSync(join(folder, 'hello')), 'but does not hold it'],
  [
    'a name that leads outside',
    () =>
      rewrite(({ files }) => {
        Object.assign(files[0] ?? {}, { file: '../hello' })
      }),
    'which is no plain name',
  ],
  [
    'a folder for a name',
    () =>
      rewrite(({ files }) => {
        Object.assign(files[0] ?? {}, { file: '..' })
      }),
    'which is no plain name',
  ],
])('refused: %s', async (_, damage, message) => {
  damage()
  await expect(openParcel(folder)).rejects.toThrow(message)
})

test('taking: the pinned digest and the package must be right', async () => {
  const take = (from: string, name = 'hello') =>
    takeBinaries({
      from: parseFrom(from),
      directory: folder,
      chosen: [{ name, version: '1.0.0', binaries: [name] }],
      commit: 'c0ffee',
      scratch: '',
      serverUrl: 'https://github.com',
      signal: new AbortController().signal,
    })
  expect(await take(`.@sha256:${sha256.toUpperCase()}`)).toMatchObject([{ sha256 }])
  await expect(take(`.@sha256:${'0'.repeat(64)}`)).rejects.toThrow('is not the one that `from` pins')
  await expect(take('.', 'other')).rejects.toThrow('brought the package `hello`, but this run is about `other`')
  await expect(take('./nothing')).rejects.toThrow('but there is nothing')
  expect(await take(`hello@sha256:${sha256}`)).toEqual([
    { package: 'hello', version: '1.0.0', name: 'hello', path: join(folder, 'hello'), size: 9, sha256 },
  ])
})

test('`from` is read exactly', () => {
  const digest = 'a'.repeat(64)
  expect(parseFrom(`artifact:x-y@sha256:${digest}`)).toEqual({ kind: 'artifact', name: 'x-y', sha256: digest })
  expect(parseFrom('target/release/hello')).toEqual({ kind: 'path', path: 'target/release/hello', sha256: undefined })
  for (const wrong of ['artifact:', 'run:12', 'x@sha256:12', `@sha256:${digest}`])
    expect(() => parseFrom(wrong)).toThrow('`from`')
})

test("only cargo's own messages are units", () => {
  const message = {
    reason: 'compiler-artifact',
    package_id: 'p',
    target: { kind: ['bin'], name: 'hello' },
    executable: '/t/hello',
    fresh: true,
  }
  expect(readUnit(JSON.stringify(message))).toEqual({
    packageId: 'p',
    target: 'hello',
    isBinary: true,
    fresh: true,
    executable: '/t/hello',
  })
  for (const line of [
    '',
    'text',
    '{',
    '[]',
    '{"reason":"build-finished"}',
    '{"reason":"compiler-artifact"}',
    '{"reason":"compiler-artifact","target":7}',
  ]) {
    expect(readUnit(line)).toBeUndefined()
  }
})
