import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Release, readRelease, writeRelease } from '../../../src/servers/release/release-file.ts'
import { damaged } from './made-text.ts'

const SHA = 'ab'.repeat(32)

const RELEASE: Release = {
  id: '20261121T074700Z-0123456789ab-19482.2',
  app: 'hello',
  version: '1.2.3',
  commit: '0123456789abcdef0123456789abcdef01234567',
  committedAt: '2026-11-21T07:40:00Z',
  run: { url: 'https://github.com/org/hello/actions/runs/19482', number: 7, attempt: 2, actor: 'octocat' },
  target: 'x86_64-unknown-linux-musl',
  builtAt: '2026-11-21T07:46:10.123Z',
  binary: { name: 'hello', size: 1_234_567, sha256: SHA },
  files: [{ name: 'static/a file.txt', size: 0, sha256: SHA }],
  env: SHA,
  smokeArguments: ['--version'],
  migrateArguments: ['migrate', '--to', 'late\nst'],
  migrate: 'done',
}

const LEAST: Release = {
  id: '20261121T074700Z-nogit-local.00a1f9',
  app: 'hello',
  version: '0.1.0',
  target: 'x86_64-unknown-linux-musl',
  builtAt: '2026-11-21T07:46:10Z',
  binary: { name: 'hello', size: 1, sha256: SHA },
  files: [],
  migrate: 'none',
}

/** The file with some of its fields changed. */
function fileWith(more: Record<string, unknown>, of = RELEASE): string {
  return JSON.stringify({ ...(JSON.parse(writeRelease(of)) as object), ...more })
}

test.each([
  ['with everything', RELEASE],
  ['with the least', LEAST],
])('a release %s is read back', (_, release) => {
  expect(readRelease(writeRelease(release))).toEqual({ kind: 'release', release })
})

test('the same release is the same text, whatever order its fields were put in', () => {
  const turned = Object.fromEntries(Object.entries(RELEASE).reverse()) as Release
  const { sha256, size, name } = RELEASE.binary
  expect(writeRelease({ ...turned, binary: { sha256, size, name } })).toBe(writeRelease(RELEASE))
  expect(writeRelease(LEAST)).toMatchInlineSnapshot(`
    "{
      "schema": 1,
      "id": "20261121T074700Z-nogit-local.00a1f9",
      "app": "hello",
      "version": "0.1.0",
      "target": "x86_64-unknown-linux-musl",
      "builtAt": "2026-11-21T07:46:10Z",
      "binary": {
        "name": "hello",
        "size": 1,
        "sha256": "abababababababababababababababababababababababababababababababab"
      },
      "files": [],
      "migrate": "none"
    }
    "
  `)
})

test.each<[string, string | Record<string, unknown>, string]>([
  ['nothing', '', 'is not a JSON object'],
  ['half a file', writeRelease(RELEASE).slice(0, 300), 'is not a JSON object'],
  ['zeros', '\0'.repeat(600), 'is not a JSON object'],
  ['a list', '[]', 'is not a JSON object'],
  ['an empty object', '{}', 'has no `schema`'],
  ['another schema', { schema: '1' }, 'has no `schema`'],
  ['schema 0', { schema: 0 }, 'has no `schema`'],
  ['the schema alone', '{"schema":1}', 'lacks `migrate`'],
  ['a way out as its id', { id: '../../etc' }, 'has something else in `id` than what belongs there'],
  ['a binary elsewhere', { binary: { ...RELEASE.binary, name: '/bin/sh' } }, 'has something else in `binary` than'],
  ['a file above', { files: [{ ...RELEASE.binary, name: 'a/../../b' }] }, 'has something else in `files` than'],
  ['a file twice as nested', { files: [[RELEASE.binary]] }, 'has something else in `files` than'],
  ['a negative size', { binary: { ...RELEASE.binary, size: -1 } }, 'has something else in `binary` than'],
  ['a short digest', { env: 'ab' }, 'has something else in `env` than'],
  ['a word for a time', { builtAt: 'yesterday' }, 'has something else in `builtAt` than'],
  ['the 13th month', { committedAt: '2026-13-01T00:00:00Z' }, 'has something else in `committedAt` than'],
  ['a command line', { smokeArguments: '--version; id' }, 'has something else in `smokeArguments` than'],
  ['an argument that none can be', { migrateArguments: ['a\0b'] }, 'has something else in `migrateArguments` than'],
  ['a run that is a number', { run: 7 }, 'has something else in `run` than'],
  ['a run of which a part is wrong', { run: { number: '7' } }, 'has something else in `run` than'],
  ['an actor that clears the screen', { run: { actor: 'a\x1b[2J' } }, 'has something else in `run` than'],
  ['a version that turns the text around', { version: '1\u202e' }, 'has something else in `version` than'],
  ['another word for migrate', { migrate: 'half' }, 'has something else in `migrate` than'],
  ['two that are wrong', { app: 'A', commit: 1 }, 'has something else in `commit`, `app` than what belongs there'],
  ['no binary', { binary: undefined }, 'lacks `binary`'],
])('%s is damaged, and it is said why', (_, content, why) => {
  const reading = readRelease(typeof content === 'string' ? content : fileWith(content))
  expect(reading).toEqual({ kind: 'damaged', why: expect.stringContaining(why) })
})

test('what is too large is not looked into', () => {
  const reading = readRelease(`${' '.repeat(40_000_000)}${writeRelease(RELEASE)}`)
  expect(reading).toEqual({ kind: 'damaged', why: 'is far too large' })
})

test('of a newer version what is known is read, and the rest is as good as not there', () => {
  const text = fileWith({
    schema: 2,
    env: { v: 2 },
    migrate: 'skipped',
    run: { host: 1, number: 9n.toString() },
    new: [],
  })
  expect(readRelease(text)).toEqual({
    kind: 'release',
    release: { ...RELEASE, env: undefined, migrate: undefined, run: undefined },
  })
  expect(readRelease(fileWith({ schema: 3, binary: ['hello'], target: 7 }))).toEqual({
    kind: 'damaged',
    why: 'comes from a newer version of rust-deploy, and its `target`, `binary` cannot be read by this one',
  })
})

test('damaged text gives a whole release or a reason, and never more than it may hold', () => {
  fc.assert(
    fc.property(
      damaged(fc.constantFrom(writeRelease(RELEASE), writeRelease(LEAST), fileWith({ schema: 2 }))),
      (text) => {
        const reading = readRelease(text)
        if (reading.kind === 'damaged') {
          expect(reading.why).toMatch(/^[a-z][ -~]{10,200}$/)
          return
        }
        const { release } = reading
        // What was read is as good as what we write ourselves.
        const again = readRelease(writeRelease({ ...release, migrate: release.migrate ?? 'none' }))
        expect(again).toEqual({ kind: 'release', release: { ...release, migrate: release.migrate ?? 'none' } })
        for (const { name } of [release.binary, ...release.files]) expect(`/${name}/`).not.toMatch(/\/\.{0,2}\//)
      },
    ),
    { numRuns: 2000 },
  )
})

test('any JSON is judged', () => {
  const fields = Object.fromEntries(Object.keys(RELEASE).map((name) => [name, fc.jsonValue()]))
  const records = fc.record({ schema: fc.constantFrom(1, 2), ...fields }, { requiredKeys: [] })
  fc.assert(
    fc.property(
      fc.oneof(
        fc.json(),
        records.map((record) => fileWith(record)),
      ),
      (text) => {
        expect(['release', 'damaged']).toContain(readRelease(text).kind)
      },
    ),
  )
  expect(readRelease('['.repeat(2_000_000)).kind).toBe('damaged')
})
