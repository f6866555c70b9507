import { expect, test } from 'vitest'
import type { GraphPackage } from '../../src/project/graph.ts'
import { nativeNeeds } from '../../src/project/native.ts'

type Edges = Record<string, 'normal' | 'build' | 'dev'>

function made(name: string, edges: Edges = {}, hasBuildScript = false): GraphPackage {
  return {
    ...{ id: name, name, version: '1.0.0', source: undefined, checksum: undefined, licence: undefined },
    ...{ description: undefined, repository: undefined, manifest: '', links: undefined, features: [] },
    hasBuildScript,
    dependencies: Object.entries(edges).map(([id, kind]) => ({ id, kinds: [kind] })),
  }
}

const needing = (...graph: GraphPackage[]) => nativeNeeds(graph, ['app']).map(({ name, language }) => [name, language])

test('a crate whose build script compiles C is named; its helpers are not', () => {
  const app = made('app', { ring: 'normal', pure: 'normal' })
  expect(needing(app, made('ring', { cc: 'build' }, true), made('cc'), made('pure', {}, true))).toEqual([['ring', 'C']])
})

test('what only the machine that compiles needs is no need of the target', () => {
  const app = made('app', { generator: 'build', bench: 'dev' })
  const graph = [app, made('generator', { ring: 'normal' }), made('ring', { cc: 'build' }, true), made('cc')]
  expect(needing(...graph, made('bench', { cc: 'build' }, true))).toEqual([])
})

test('a library that is only looked for compiles nothing', () => {
  const app = made('app', { 'openssl-sys': 'normal' })
  const openssl = made('openssl-sys', { 'pkg-config': 'build' }, true)
  expect(needing(app, openssl, made('pkg-config'))).toEqual([])
})

test('C++ is told by what such crates are made with, and a cycle of dev dependencies ends', () => {
  const app = made('app', { bridge: 'normal' })
  const bridge = made('bridge', { 'cxx-build': 'build', app: 'normal' }, true)
  expect(needing(app, bridge, made('cxx-build'))).toEqual([['bridge', 'C++']])
})
