import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { GraphPackage } from '../../src/project/graph.ts'
import { nativeNeeds } from '../../src/project/native.ts'
import { madeProject } from '../made-project.ts'

type Edges = Record<string, 'normal' | 'build' | 'dev'>

function made(name: string, edges: Edges = {}, hasBuildScript = false, more: Partial<GraphPackage> = {}): GraphPackage {
  return {
    ...{ id: name, name, version: '1.0.0', source: undefined, checksum: undefined, licence: undefined },
    ...{ description: undefined, repository: undefined, manifest: '', links: undefined, features: [] },
    buildScript: hasBuildScript ? '/nowhere/build.rs' : undefined,
    isMacro: false,
    dependencies: Object.entries(edges).map(([id, kind]) => ({ id, kinds: [kind] })),
    ...more,
  }
}

const needing = async (...graph: GraphPackage[]) =>
  (await nativeNeeds(graph, ['app'])).map(({ name, language }) => [name, language])

test('a crate whose build script compiles C is named; its helpers are not', async () => {
  const app = made('app', { ring: 'normal', pure: 'normal' })
  expect(await needing(app, made('ring', { cc: 'build' }, true), made('cc'), made('pure', {}, true))).toEqual([
    ['ring', 'C'],
  ])
})

test('what only the machine that compiles needs is no need of the target', async () => {
  const app = made('app', { generator: 'build', bench: 'dev' })
  const graph = [app, made('generator', { ring: 'normal' }), made('ring', { cc: 'build' }, true), made('cc')]
  expect(await needing(...graph, made('bench', { cc: 'build' }, true))).toEqual([])
})

test('what a macro uses is compiled for the machine itself, unless somebody else uses it as well', async () => {
  const macro = made('macro', { sqlite: 'normal' }, false, { isMacro: true })
  const graph = [macro, made('sqlite', { cc: 'build' }, true), made('cc')]
  expect(await needing(made('app', { macro: 'normal' }), ...graph)).toEqual([])
  expect(await needing(made('app', { macro: 'normal', sqlite: 'normal' }), ...graph)).toEqual([['sqlite', 'C']])
})

test('a library that is only looked for compiles nothing', async () => {
  const app = made('app', { 'openssl-sys': 'normal' })
  const openssl = made('openssl-sys', { 'pkg-config': 'build' }, true)
  expect(await needing(app, openssl, made('pkg-config'))).toEqual([])
})

test('C++ is told by what such crates are made with, and a cycle of dev dependencies ends', async () => {
  const app = made('app', { bridge: 'normal' })
  const bridge = made('bridge', { 'cxx-build': 'build', app: 'normal' }, true)
  expect(await needing(app, bridge, made('cxx-build'))).toEqual([['bridge', 'C++']])
})

test.each([
  ['cc::Build::new().cpp(true).file("a.cc").compile("a");', 'C++'],
  ['build\n  .cpp( true )\n  .compile("a");', 'C++'],
  ['println!("cargo:rustc-link-lib=static=stdc++");', 'C++'],
  ['println!("cargo::rustc-link-lib=c++");', 'C++'],
  ['let bridge = cxx_build::bridge("src/lib.rs");', 'C++'],
  ['// build.cpp(true)\ncc::Build::new().cpp(false).compile("a");', 'C'],
  ['println!("cargo:rustc-link-lib=stdc+"); // "c++"', 'C'],
  ['\0\ufffd', 'C'],
])('a build script that says %j compiles %s', async (script, language) => {
  using project = madeProject({ 'build.rs': script })
  const app = made('app', { cc: 'build' }, true, { buildScript: join(project.folder, 'build.rs') })
  expect(await needing(app, made('cc'))).toEqual([['app', language]])
})
