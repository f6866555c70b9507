import { expect, test } from 'vitest'
import type { GraphPackage } from '../../src/project/graph.ts'
import { type MissingOptions, missingLibraries } from '../../src/project/missing-libraries.ts'

const X86 = 'x86_64-unknown-linux-musl'
const GNU = 'x86_64-unknown-linux-gnu'

function made(name: string, normal: string[] = [], more: Partial<GraphPackage> = {}): GraphPackage {
  return {
    ...{ id: name, name, version: '1.0.0', source: undefined, checksum: undefined, licence: undefined },
    ...{ description: undefined, repository: undefined, manifest: '', links: undefined, features: [] },
    ...{ buildScript: name.endsWith('-sys') ? '/nowhere/build.rs' : undefined, isMacro: false },
    dependencies: normal.map((id) => ({ id, kinds: ['normal' as const] })),
    ...more,
  }
}

const openssl = (more: Partial<GraphPackage> = {}) => [
  made('app', ['native-tls']),
  made('native-tls', ['openssl']),
  made('openssl', ['openssl-sys']),
  made('openssl-sys', ['cc'], { links: 'openssl', ...more }),
  made('cc'),
]

function missing(graph: GraphPackage[], more: Partial<MissingOptions> = {}) {
  return missingLibraries({ graph, roots: ['app'], triple: X86, host: GNU, environment: {}, replaced: [], ...more })
}

test('OpenSSL that is only looked for cannot be there for another target: who wants it, and the ways out', () => {
  expect(missing(openssl())).toEqual([
    {
      name: 'openssl-sys',
      version: '1.0.0',
      isCertain: true,
      advice:
        'openssl-sys 1.0.0 (through native-tls → openssl) looks for OpenSSL on the machine that compiles, where none is for x86_64-unknown-linux-musl: use rustls in its place, or let it compile its own copy with its feature `vendored` (`openssl = { version = "0.10", features = ["vendored"] }` in Cargo.toml), or set X86_64_UNKNOWN_LINUX_MUSL_OPENSSL_DIR to where one for this target is.',
    },
  ])
  expect(missing(openssl(), { triple: 'aarch64-unknown-linux-gnu' })).toMatchObject([{ isCertain: true }])
})

test('nothing is missing for the machine itself, nor where its source comes along', () => {
  expect(missing(openssl(), { triple: GNU })).toEqual([])
  const dependencies = [{ id: 'openssl-src', kinds: ['build' as const] }]
  expect(missing([...openssl({ dependencies }), made('openssl-src')])).toEqual([])
  const build = [{ id: 'native-tls', kinds: ['build' as const] }]
  expect(missing([made('app', [], { dependencies: build }), ...openssl().slice(1)])).toEqual([])
  const macro = made('derive', ['native-tls'], { isMacro: true })
  expect(missing([made('app', ['derive']), macro, ...openssl().slice(1)])).toEqual([])
})

test.each([
  { OPENSSL_DIR: '/opt/ssl' },
  { X86_64_UNKNOWN_LINUX_MUSL_OPENSSL_LIB_DIR: '/opt/ssl/lib' },
  { PKG_CONFIG_ALLOW_CROSS: '1' },
  { PKG_CONFIG_ALLOW_CROSS_x86_64_unknown_linux_musl: '1' },
  { 'PKG_CONFIG_x86_64-unknown-linux-musl': '/opt/pkg-config' },
  { TARGET_PKG_CONFIG_SYSROOT_DIR: '/opt' },
])('whoever has told where it is knows better: %o', (environment) => {
  expect(missing(openssl(), { environment })).toEqual([])
})

test('what was told for another target, or told to be off, changes nothing', () => {
  const environment = { AARCH64_UNKNOWN_LINUX_MUSL_OPENSSL_DIR: '/opt', PKG_CONFIG_ALLOW_CROSS: '0', OPENSSL_DIR: '' }
  expect(missing(openssl(), { environment })).toHaveLength(1)
})

test('a build script that cargo replaces looks for nothing', () => {
  expect(missing(openssl(), { replaced: ['openssl'] })).toEqual([])
})

test('what is left to the linker is likely and not certain, and for glibc not even likely', () => {
  const sqlite = (features: string[]) => [made('app', ['libsqlite3-sys']), made('libsqlite3-sys', [], { features })]
  expect(missing(sqlite([]))).toMatchObject([
    {
      isCertain: false,
      advice:
        'libsqlite3-sys 1.0.0 looks for SQLite on the machine that compiles, where none is for x86_64-unknown-linux-musl: let it compile its own copy with its feature `bundled` (of `rusqlite`, or of `libsqlite3-sys` itself), or set SQLITE3_LIB_DIR to where one for this target is.',
    },
  ])
  expect(missing(sqlite([]), { triple: 'aarch64-unknown-linux-gnu' })).toEqual([])
  expect(missing(sqlite(['bundled']))).toEqual([])
})

test('a graph of cycles, gaps and strange names ends', () => {
  const graph = [made('app', ['a', 'gone', 'constructor']), made('a', ['app', 'a']), made('constructor')]
  expect(missing(graph)).toEqual([])
  expect(missing([])).toEqual([])
})
