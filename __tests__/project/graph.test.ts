import { join } from 'node:path'
import { expect, test } from 'vitest'
import { graphOf, readGraph } from '../../src/project/graph.ts'
import { madeProject, manifestOf } from '../made-project.ts'

const options = (folder: string, more = {}) => ({
  directory: folder,
  workspaceRoot: folder,
  triple: 'x86_64-unknown-linux-gnu',
  features: [],
  environment: process.env,
  signal: new AbortController().signal,
  ...more,
})

const lock = `version = 4

[[package]]
name = "app"
version = "0.1.0"
dependencies = ["codec", "generator", "wasm-only"]

[[package]]
name = "codec"
version = "0.1.0"

[[package]]
name = "generator"
version = "0.1.0"

[[package]]
name = "wasm-only"
version = "0.1.0"
`

const files = {
  'Cargo.toml': manifestOf(
    'app',
    'links = "z"\nlicense = "MIT"\n[dependencies]\ncodec = { path = "codec", features = ["fast"] }\n[build-dependencies]\ngenerator = { path = "generator" }\n[target."cfg(target_arch = \\"wasm32\\")".dependencies]\nwasm-only = { path = "wasm-only" }\n[features]\nextra = ["codec/slow"]\n',
  ),
  'Cargo.lock': lock,
  'build.rs': 'fn main() {}\n',
  'src/main.rs': 'fn main() {}\n',
  'codec/Cargo.toml': manifestOf('codec', '[features]\nfast = []\nslow = []\n'),
  'codec/src/lib.rs': '',
  'generator/Cargo.toml': manifestOf('generator'),
  'generator/src/lib.rs': '',
  'wasm-only/Cargo.toml': manifestOf('wasm-only'),
  'wasm-only/src/lib.rs': '',
}

test('the graph says what is compiled for a target, with which features, and who builds with whom', async () => {
  using project = madeProject(files)
  const graph = await readGraph(options(project.folder))
  const named = Object.fromEntries(graph.map((each) => [each.name, each]))
  expect(Object.keys(named).sort()).toEqual(['app', 'codec', 'generator'])
  expect(named['app']).toMatchObject({
    ...{ links: 'z', licence: 'MIT', source: undefined, isMacro: false },
    buildScript: join(project.folder, 'build.rs'),
  })
  const kinds = named['app']?.dependencies.map(({ id, kinds }) => [
    graph.find((each) => each.id === id)?.name,
    ...kinds,
  ])
  expect(kinds).toEqual([
    ['codec', 'normal'],
    ['generator', 'build'],
  ])
  expect(named['codec']).toMatchObject({ features: ['fast'], buildScript: undefined, links: undefined })
  const more = await readGraph(options(project.folder, { features: ['extra'] }))
  expect(more.find(({ name }) => name === 'codec')?.features).toEqual(['fast', 'slow'])
})

test('a lock file that does not fit is a sentence', async () => {
  using project = madeProject({ ...files, 'Cargo.lock': 'version = 4\n' })
  await expect(readGraph(options(project.folder))).rejects.toThrow(/cargo cannot resolve the dependencies: .*--locked/s)
})

test('checksums come from the lock file, and JSON that says nothing gives nothing', () => {
  const source = 'registry+https://example.invalid/index'
  const record = { id: 'a', name: 'itoa', version: '1.0.0', source }
  const metadata = { packages: [record, { id: 'b' }], resolve: { nodes: [{ id: 'a' }] } }
  const checksums = new Map([[JSON.stringify(['itoa', '1.0.0', source]), 'c0ffee']])
  expect(graphOf(metadata, checksums)).toMatchObject([{ name: 'itoa', checksum: 'c0ffee', dependencies: [] }])
  expect(graphOf({ packages: 3, resolve: [] })).toEqual([])
})
