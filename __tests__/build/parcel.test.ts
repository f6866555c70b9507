import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sha256Of } from '../../src/build/digest.ts'
import { parseFrom } from '../../src/build/from.ts'
import { readUnit } from '../../src/build/messages.ts'
import { openParcel, packParcel } from '../../src/build/parcel.ts'
import { takeBinaries } from '../../src/build/take.ts'
import { Failed } from '../../src/report/ending.ts'
import { removeFolder } from '../remove-folder.ts'

let folder = ''
let sha256 = ''

beforeEach(async () => {
  const place = mkdtempSync(join(tmpdir(), 'rust-deploy-parcel-'))
  const path = join(place, 'hello')
  writeFileSync(path, 'the bytes', { mode: 0o644 })
  sha256 = await sha256Of(path)
  folder = join(place, 'parcel')
  const archive = join(place, 'hello-1.0.0-t.tar.gz')
  const sbom = join(place, 'hello-1.0.0-t.cdx.json')
  for (const [file, content] of [
    [archive, 'an archive'],
    [sbom, '{}'],
  ] as const)
    writeFileSync(file, content)
  await packParcel({
    folder,
    binaries: [{ package: 'hello', version: '1.0.0', name: 'hello', target: 't', path, size: 9, sha256 }],
    beside: [
      { kind: 'archive', binary: 'hello', path: archive },
      { kind: 'sbom', binary: 'hello', path: sbom },
    ],
    commit: 'c0ffee',
  })
})

afterEach(() => removeFolder(join(folder, '..')))

type Manifest = Record<'files' | 'beside', Record<string, unknown>[]> & Record<string, unknown>

const rewrite = (change: (manifest: Manifest) => void) => {
  const path = join(folder, 'rust-deploy.json')
  const manifest = JSON.parse(readFileSync(path, 'utf8'))
  change(manifest)
  writeFileSync(path, JSON.stringify(manifest))
}

test('what was packed comes out again, and can be executed', async () => {
  const { binaries, beside, commit } = await openParcel(folder)
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
  expect(beside).toEqual([
    { kind: 'archive', binary: 'hello', path: join(folder, 'hello-1.0.0-t.tar.gz') },
    { kind: 'sbom', binary: 'hello', path: join(folder, 'hello-1.0.0-t.cdx.json') },
  ])
})

test('sha256sum checks all that is in it', () => {
  const checked = execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: folder, encoding: 'utf8' })
  expect(checked.trim().split('\n').sort()).toEqual(
    readdirSync(folder)
      .filter((name) => name !== 'SHA256SUMS')
      .map((name) => `${name}: OK`)
      .sort(),
  )
})

test('one more byte is seen', async () => {
  appendFileSync(join(folder, 'hello'), '!')
  await expect(openParcel(folder)).rejects.toThrow(
    /The file hello is not the one that was built: its SHA-256 is .* was expected/,
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
  ['another archive', () => appendFileSync(join(folder, 'hello-1.0.0-t.tar.gz'), '!'), 'is not the one that was built'],
  ['a missing SBOM', () => rmSync(join(folder, 'hello-1.0.0-t.cdx.json')), 'but does not hold it'],
  ['a file that nobody names', () => writeFileSync(join(folder, 'extra'), ''), 'The artifact holds "extra"'],
  [
    'a kind of a later version',
    () =>
      rewrite(({ beside }) => {
        Object.assign(beside[0] ?? {}, { kind: 'symbols' })
      }),
    'The artifact holds "hello-1.0.0-t.tar.gz"',
  ],
  ['other sums', () => appendFileSync(join(folder, 'SHA256SUMS'), 'x'), 'does not fit to its files'],
])('refused: %s', async (_, damage, message) => {
  damage()
  await expect(openParcel(folder)).rejects.toThrow(message)
})

test('a manifest that is cut off or changed is a sentence, or says the same as before', async () => {
  const path = join(folder, 'rust-deploy.json')
  const whole = readFileSync(path, 'utf8')
  const bytesOf = ({ binaries }: Awaited<ReturnType<typeof openParcel>>) =>
    JSON.stringify(binaries.map(({ path, sha256 }) => [path, sha256]))
  const before = bytesOf(await openParcel(folder))
  const damage = fc.record({
    at: fc.nat(whole.length),
    text: fc.string({ maxLength: 5 }),
    drop: fc.nat(40),
    cut: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(damage, async ({ at, text, drop, cut }) => {
      writeFileSync(path, whole.slice(0, at) + text + (cut ? '' : whole.slice(at + drop)))
      const opened = await openParcel(folder).catch((error: unknown) => {
        expect(error).toBeInstanceOf(Failed)
      })
      if (opened !== undefined) expect(bytesOf(opened)).toBe(before)
    }),
  )
})

test('a manifest that never ends is not read', async () => {
  truncateSync(join(folder, 'rust-deploy.json'), 8 * 1024 * 1024)
  await expect(openParcel(folder)).rejects.toThrow('it has no rust-deploy.json')
})

test('taking: the pinned digest and the package must be right', async () => {
  const take = (from: string, name = 'hello') =>
    takeBinaries({
      from: parseFrom(from),
      directory: folder,
      chosen: [{ name, version: '1.0.0', binaries: [name] }],
      commit: 'c0ffee',
      artifacts: [],
      github: undefined,
      log: { info() {}, output() {}, finding() {} },
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
  expect(parseFrom('run:12')).toEqual({ kind: 'run', run: 12, name: undefined, sha256: undefined })
  expect(parseFrom(`run:12/x@sha256:${digest}`)).toEqual({ kind: 'run', run: 12, name: 'x', sha256: digest })
  for (const wrong of ['artifact:', 'x@sha256:12', `@sha256:${digest}`])
    expect(() => parseFrom(wrong)).toThrow('`from`')
  for (const wrong of ['run:', 'run:0', 'run:-1', 'run:1e3', 'run:12/', 'run:12/a/b', 'run:x', `run:${'9'.repeat(30)}`])
    expect(() => parseFrom(wrong)).toThrow('`from`')
})

test('a run is asked for only where a repository and a token are known', async () => {
  const take = (token: string | undefined) =>
    takeBinaries({
      from: parseFrom('run:12'),
      directory: folder,
      chosen: [],
      commit: undefined,
      artifacts: [],
      github: token === undefined ? undefined : { apiUrl: 'http://127.0.0.1:1', repository: 'octo/hello', token },
      scratch: '',
      serverUrl: 'https://github.com',
      log: { info() {}, output() {}, finding() {} },
      signal: new AbortController().signal,
    })
  await expect(take(undefined)).rejects.toThrow('the repository is not known here: give a path.')
  await expect(take('')).rejects.toThrow('`permissions: actions: read`')
  await expect(take('ghs_x')).rejects.toThrow('`artifact` is `none`')
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
