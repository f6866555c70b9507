import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Compiled, readCompiled } from '../../src/build/compiled.ts'
import { ingredientsOf, type Resolved } from '../../src/build/ingredients.ts'
import { licenceOf } from '../../src/build/licence.ts'
import { purlOf } from '../../src/build/purl.ts'
import { type SbomOptions, sbomFileName, sbomOf } from '../../src/build/sbom.ts'
import { writeSbom } from '../../src/build/sbom-file.ts'
import { Failed } from '../../src/report/ending.ts'
import { objectionsTo } from './cyclonedx.ts'

const CRATES_IO = 'registry+https://github.com/rust-lang/crates.io-index'
const TARGET = 'x86_64-unknown-linux-musl'

type Kind = Resolved['dependencies'][number]['kinds'][number]

function resolved(name: string, needs: Record<string, Kind[]> = {}, more: Partial<Resolved> = {}): Resolved {
  return {
    id: `id of ${name}`,
    name,
    version: '1.0.0',
    source: CRATES_IO,
    checksum: 'ab'.repeat(32),
    licence: 'MIT OR Apache-2.0',
    description: `about ${name}`,
    repository: `https://example.com/${name}`,
    dependencies: Object.entries(needs).map(([need, kinds]) => ({ id: `id of ${need}`, kinds })),
    ...more,
  }
}

const unit = (name: string, forTarget = true, features: string[] = []): Compiled => ({
  packageId: `id of ${name}`,
  features,
  forTarget,
})

const GRAPH = [
  resolved(
    'hello',
    { serde: ['normal'], cc: ['build'], proptest: ['dev'], 'of-another-member': ['dev'], shared: ['normal', 'build'] },
    { source: undefined, checksum: undefined },
  ),
  resolved('serde', { serde_derive: ['normal'] }),
  resolved('serde_derive', { syn: ['normal'] }),
  resolved('syn', { shared: ['normal'] }),
  resolved('shared', { optional: ['normal'] }),
  resolved('cc', { shlex: ['normal'] }),
  resolved('shlex', { 'of-a-tool': ['normal'] }),
  resolved('of-a-tool'),
  resolved('proptest'),
  resolved('optional'),
  resolved('of-another-member'),
]

const COMPILED = [
  unit('hello'),
  unit('serde', true, ['derive', 'std']),
  unit('serde', false, ['alloc']),
  unit('serde_derive', false),
  unit('syn', false),
  unit('shared'),
  unit('shared', false),
  unit('cc', false),
  unit('shlex', false),
  unit('of-another-member'),
  // Another member links it; here only a build script's dependency needs it.
  unit('of-a-tool'),
  unit('of-a-tool', false),
]

function bomOf(more: Partial<SbomOptions> = {}) {
  return sbomOf({
    root: 'id of hello',
    ingredients: ingredientsOf('id of hello', GRAPH, COMPILED),
    binary: { name: 'hello', version: '1.0.0', target: TARGET, sha256: 'cd'.repeat(32) },
    repository: { url: 'https://github.com/octo/hello', commit: 'c0ffee' },
    time: 1_700_000_000,
    toolVersion: '0.1.0',
    ...more,
  })
}

test('what was compiled for the target is in the binary; what macros and build scripts need only ran beside it', () => {
  const ingredients = ingredientsOf('id of hello', GRAPH, COMPILED)
  const named = (linked: boolean) =>
    ingredients
      .filter((each) => each.linked === linked)
      .map(({ package: { name } }) => name)
      .sort()
  expect(named(true)).toEqual(['hello', 'serde', 'shared'])
  expect(named(false)).toEqual(['cc', 'of-a-tool', 'serde_derive', 'shlex', 'syn'])
  expect(ingredients.find(({ package: { name } }) => name === 'serde')).toMatchObject({
    features: ['alloc', 'derive', 'std'],
    needs: ['id of serde_derive'],
  })
  // Only the workspace's graph knows of it: another member enables it.
  expect(ingredients.find(({ package: { name } }) => name === 'shared')?.needs).toEqual([])
})

test('a graph with circles, holes and no root comes to an end', () => {
  const circle = [resolved('a', { b: ['normal'], gone: ['normal'] }), resolved('b', { a: ['build'] })]
  const units = [unit('a'), unit('b'), unit('gone')]
  expect(ingredientsOf('id of a', circle, units).map(({ linked }) => linked)).toEqual([true, true])
  expect(ingredientsOf('id of nobody', circle, units)).toEqual([])
})

test('the official schema accepts it, and it says what it is about', () => {
  const bom = JSON.parse(bomOf())
  expect(objectionsTo(bom)).toEqual([])
  expect(bom.metadata).toEqual({
    timestamp: '2023-11-14T22:13:20.000Z',
    lifecycles: [{ phase: 'build' }],
    tools: { components: [{ type: 'application', name: 'rust-deploy', version: '0.1.0' }] },
    component: {
      type: 'application',
      'bom-ref': 'pkg:cargo/hello@1.0.0?vcs_url=git%2Bhttps://github.com/octo/hello%40c0ffee',
      name: 'hello',
      version: '1.0.0',
      description: 'about hello',
      licenses: [{ expression: 'MIT OR Apache-2.0' }],
      externalReferences: [{ type: 'vcs', url: 'https://example.com/hello' }],
      hashes: [{ alg: 'SHA-256', content: 'cd'.repeat(32) }],
      purl: 'pkg:cargo/hello@1.0.0?vcs_url=git%2Bhttps://github.com/octo/hello%40c0ffee',
      properties: [],
    },
    properties: [{ name: 'cdx:rustc:sbom:target:triple', value: TARGET }],
  })
  expect(bom.components.map(({ name, scope }: Record<string, string>) => `${name} ${scope}`)).toEqual([
    'cc excluded',
    'of-a-tool excluded',
    'serde required',
    'serde_derive excluded',
    'shared required',
    'shlex excluded',
    'syn excluded',
  ])
  expect(bom.components[2]).toEqual({
    type: 'library',
    'bom-ref': 'pkg:cargo/serde@1.0.0',
    name: 'serde',
    version: '1.0.0',
    description: 'about serde',
    licenses: [{ expression: 'MIT OR Apache-2.0' }],
    externalReferences: [{ type: 'vcs', url: 'https://example.com/serde' }],
    scope: 'required',
    hashes: [{ alg: 'SHA-256', content: 'ab'.repeat(32) }],
    purl: 'pkg:cargo/serde@1.0.0',
    properties: [{ name: 'rust-deploy:features', value: 'alloc, derive, std' }],
  })
  expect(bom.dependencies).toHaveLength(8)
  expect(bom.dependencies).toContainEqual({ ref: 'pkg:cargo/cc@1.0.0', dependsOn: ['pkg:cargo/shlex@1.0.0'] })
  expect(sbomFileName({ name: 'hello', version: '1.0.0', target: TARGET, sha256: '' })).toBe(
    `hello-1.0.0-${TARGET}.cdx.json`,
  )
})

test('it is written beside the archive, or says why not', async () => {
  const place = mkdtempSync(join(tmpdir(), 'rust-deploy-sbom-'))
  const options = {
    root: 'id of hello',
    ingredients: [],
    binary: { name: 'hello', version: '1.0.0', target: TARGET, sha256: 'cd'.repeat(32) },
    repository: undefined,
    time: undefined,
    toolVersion: '0.1.0',
  }
  const path = await writeSbom(join(place, 'out'), options)
  expect(path).toBe(join(place, 'out', `hello-1.0.0-${TARGET}.cdx.json`))
  expect(readFileSync(path, 'utf8')).toBe(sbomOf(options))
  await expect(writeSbom(path, options)).rejects.toThrow(Failed)
  await expect(writeSbom(path, options)).rejects.toThrow(
    /^The SBOM .* could not be written \(.*\): something else is in its place/,
  )
  rmSync(place, { recursive: true })
})

test('the schema does object to what is wrong', () => {
  const bom = JSON.parse(bomOf())
  expect(objectionsTo({ ...bom, serialNumber: 'urn:uuid:1' })).not.toEqual([])
  expect(objectionsTo({ ...bom, components: [{ type: 'crate', name: 'x' }] })).not.toEqual([])
  expect(objectionsTo({ ...bom, metadata: { timestamp: 'yesterday' } })).not.toEqual([])
})

test('the same build gives the same bytes, in whatever order cargo told it; other content has another serial number', () => {
  const ingredients = ingredientsOf('id of hello', GRAPH.toReversed(), COMPILED.toReversed())
  expect(bomOf({ ingredients })).toBe(bomOf())
  const serial = (text: string) => JSON.parse(text).serialNumber
  expect(serial(bomOf())).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(serial(bomOf({ time: undefined }))).not.toBe(serial(bomOf()))
})

test.each([
  [CRATES_IO, 'pkg:cargo/a@1.0.0'],
  ['sparse+https://index.crates.io/', 'pkg:cargo/a@1.0.0'],
  ['sparse+https://crates.octo.example/api/', 'pkg:cargo/a@1.0.0?repository_url=https://crates.octo.example/api/'],
  [
    'registry+https://user:secret@crates.octo.example/index',
    'pkg:cargo/a@1.0.0?repository_url=https://crates.octo.example/index',
  ],
  [
    'git+https://ghs_secret@github.com/octo/a?branch=main#c0ffee',
    'pkg:cargo/a@1.0.0?vcs_url=git%2Bhttps://github.com/octo/a%40c0ffee',
  ],
  [
    'git+ssh://git@github.com/octo/a.git#c0ffee',
    'pkg:cargo/a@1.0.0?vcs_url=git%2Bssh://github.com/octo/a.git%40c0ffee',
  ],
  [undefined, 'pkg:cargo/a@1.0.0'],
  ['something new', 'pkg:cargo/a@1.0.0'],
])('the purl of what came from %s', (source, purl) => {
  expect(purlOf({ name: 'a', version: '1.0.0', source }, undefined)).toBe(purl)
})

test('a version with build metadata is escaped', () => {
  const source = CRATES_IO
  expect(purlOf({ name: 'ring', version: '0.1.0-rc.1+3.0', source }, undefined)).toBe('pkg:cargo/ring@0.1.0-rc.1%2B3.0')
})

test.each([
  ['MIT', 'MIT'],
  ['MIT/Apache-2.0', 'MIT OR Apache-2.0'],
  ['MIT / Apache-2.0', 'MIT OR Apache-2.0'],
  ['(MIT OR Apache-2.0) AND Unicode-3.0', '(MIT OR Apache-2.0) AND Unicode-3.0'],
  ['Apache-2.0 WITH LLVM-exception', 'Apache-2.0 WITH LLVM-exception'],
  ['GPL-2.0+', 'GPL-2.0+'],
  ['LicenseRef-octo', 'LicenseRef-octo'],
])('%s is an expression', (text, expression) => {
  expect(licenceOf(text)).toEqual({ expression })
})

test.each([
  '',
  'see LICENCE',
  'MIT OR',
  'OR MIT',
  '(MIT',
  'MIT)',
  '()',
  'MIT Apache-2.0',
  'WITH',
  'MIT WITH (x)',
  'a,b',
])('%j is only a name', (text) => {
  expect(licenceOf(text)).toEqual({ license: { name: text } })
})

test('whatever stands in a manifest, the document is valid', () => {
  const text = fc.string({ unit: 'binary', maxLength: 30 })
  fc.assert(
    fc.property(
      fc.record({
        name: text,
        version: text,
        licence: text,
        description: text,
        repository: text,
        checksum: text,
        source: text,
      }),
      (odd) => {
        const graph = [resolved('hello', { odd: ['normal'] }, odd), resolved('odd', {}, odd)]
        const ingredients = ingredientsOf('id of hello', graph, [unit('hello', true, [odd.name]), unit('odd')])
        expect(objectionsTo(JSON.parse(bomOf({ ingredients })))).toEqual([])
      },
    ),
    { numRuns: 50 },
  )
})

test("only cargo's own messages are units, and their folder tells whom they were compiled for", () => {
  const message = (filename: string, more = {}) =>
    JSON.stringify({
      reason: 'compiler-artifact',
      package_id: 'p',
      target: { kind: ['lib'], name: 'a' },
      features: ['std'],
      filenames: [filename],
      fresh: true,
      ...more,
    })
  const forTarget = (path: string) => readCompiled(message(path), TARGET)?.forTarget
  expect(readCompiled(message(`/p/target/${TARGET}/release/deps/liba.rlib`), TARGET)).toEqual({
    packageId: 'p',
    features: ['std'],
    forTarget: true,
  })
  expect(forTarget(`/p/target/${TARGET}/release/hello`)).toBe(true)
  expect(forTarget(`C:\\p\\target\\${TARGET}\\release\\hello.exe`)).toBe(true)
  expect(forTarget(`/b/${TARGET}/release/build/a/0123/out/liba.rlib`)).toBe(true)
  expect(forTarget('/p/target/release/deps/libmacro.so')).toBe(false)
  expect(forTarget(`/${TARGET}/project/target/release/deps/libmacro.so`)).toBe(false)
  for (const line of [
    '',
    '{',
    '[]',
    'text',
    '{"reason":"build-finished"}',
    '{"reason":"compiler-artifact","target":7}',
  ])
    expect(readCompiled(line, TARGET)).toBeUndefined()
})
