import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { readCargoConfigs } from '../../src/cache/cargo-config.ts'
import { compilingVariables, flagsHash, linkingHash } from '../../src/cache/flags.ts'
import { readImage } from '../../src/cache/image.ts'

const FLAGS = { environment: {}, configs: [], cargoHome: '/home/me/.cargo', compiler: 'cc (Debian 14) 14.2' }

test.each([
  ...['RUSTFLAGS', 'CARGO_ENCODED_RUSTFLAGS', 'CARGO_BUILD_RUSTFLAGS', 'RUSTC_WRAPPER', 'RUSTC_BOOTSTRAP', 'RUSTC'],
  ...['CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_RUSTFLAGS', 'CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_LINKER'],
  ...['CARGO_PROFILE_RELEASE_LTO', 'CARGO_BUILD_TARGET', 'CC', 'CXX', 'AR', 'CFLAGS', 'CC_aarch64_unknown_linux_musl'],
  ...['CC_aarch64-unknown-linux-musl', 'TARGET_CC', 'HOST_CFLAGS', 'CXXFLAGS_armv7_unknown_linux_musleabihf', 'RANLIB'],
  ...[
    'OPENSSL_STATIC',
    'X86_64_UNKNOWN_LINUX_MUSL_OPENSSL_DIR',
    'PKG_CONFIG_PATH',
    'PKG_CONFIG',
    'AWS_LC_SYS_CMAKE_BUILDER',
  ],
  ...[
    'CMAKE_TOOLCHAIN_FILE_x86_64_unknown_linux_musl',
    'BINDGEN_EXTRA_CLANG_ARGS',
    'LIBCLANG_PATH',
    'MACOSX_DEPLOYMENT_TARGET',
  ],
])('%s counts', (name) => {
  expect(flagsHash({ ...FLAGS, environment: { [name]: 'x' } })).not.toBe(flagsHash(FLAGS))
})

test.each([
  ...[
    'CARGO_REGISTRY_TOKEN',
    'CARGO_REGISTRIES_OURS_TOKEN',
    'OPENSSL_PASSWORD',
    'AWS_LC_TOKEN',
    'CARGO_TERM_COLOR',
    'PATH',
  ],
  ...[
    'CARGO_NET_RETRY',
    'CARGO_NET_GIT_FETCH_WITH_CLI',
    'CARGO_HTTP_TIMEOUT',
    'CARGO_INCREMENTAL',
    'CARGO_TARGET_DIR',
    'RUST_LOG',
  ],
  ...[
    'RUST_BACKTRACE',
    'RUSTUP_TOOLCHAIN',
    'RUSTC_WORKSPACE_WRAPPER',
    'CARGO_BUILD_JOBS',
    'GITHUB_RUN_ID',
    'CARGO',
    'ARCHIVE',
  ],
  ...['CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_RUNNER', 'AWS_SECRET_ACCESS_KEY', 'CCACHE_DIR', 'CARGO_BUILD_BUILD_DIR'],
])('%s does not count', (name) => {
  expect(compilingVariables({ [name]: 'x' })).toEqual({})
})

test('the cargo home, the C compiler and the configuration count', () => {
  const all = [
    FLAGS,
    { ...FLAGS, cargoHome: '/cargo' },
    { ...FLAGS, compiler: undefined },
    { ...FLAGS, compiler: 'cc (Debian 15) 15.1' },
    { ...FLAGS, configs: [{ build: { rustflags: ['-C', 'x'] } }] },
  ]
  expect(new Set(all.map(flagsHash)).size).toBe(all.length)
  expect(flagsHash({ ...FLAGS, environment: { CC: 'a', AR: 'b' } })).toBe(
    flagsHash({ ...FLAGS, environment: { AR: 'b', CC: 'a' } }),
  )
})

async function madeFolder(files: Readonly<Record<string, string>>) {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'rust-deploy-config-')))
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
}

test('the configuration of every folder above is read, and that of the cargo home, nearest first and each once', async () => {
  await using made = await madeFolder({
    'home/.cargo/config.toml': '[build]\nrustflags = ["home"]',
    'home/work/.cargo/config': '[build]\nrustflags = ["work"]',
    'home/work/.cargo/config.toml': '[build]\nrustflags = ["shadowed"]',
    'home/work/app/.cargo/config.toml': '[build]\nrustflags = ["app"]',
  })
  const directory = join(made.folder, 'home/work/app')
  const flags = (...names: string[]) => names.map((name) => ({ build: { rustflags: [name] } }))
  const ownHome = await readCargoConfigs({ directory, cargoHome: join(made.folder, 'home/.cargo') })
  expect(ownHome).toEqual(flags('app', 'work', 'home'))
  const otherHome = await readCargoConfigs({ directory: join(made.folder, 'home/work'), cargoHome: directory })
  expect(otherHome).toEqual(flags('work', 'home'))
})

test('only what has to do with compiling is taken, and no token', async () => {
  await using made = await madeFolder({
    '.cargo/config.toml': `paths = ["x"]
[alias]
b = "build"
[build]
jobs = 2
target-dir = "/somewhere"
rustc-wrapper = "sccache"
[target.x86_64-unknown-linux-gnu]
linker = "clang"
runner = "qemu"
[target.'cfg(unix)']
runner = "qemu"
[registries.ours]
index = "sparse+https://example.org/"
token = "secret"
[registry]
token = "secret"
[net]
retry = 9
[http]
proxy = "http://me:secret@proxy"
[term]
verbose = true
[env]
MADE = "1"
[unknown-yet]
x = 1
[source.crates-io]
replace-with = "mirror"
`,
  })
  const configs = await readCargoConfigs({ directory: made.folder, cargoHome: join(made.folder, 'none') })
  expect(configs).toEqual([
    {
      paths: ['x'],
      build: { 'rustc-wrapper': 'sccache' },
      target: { 'x86_64-unknown-linux-gnu': { linker: 'clang' }, 'cfg(unix)': {} },
      env: { MADE: '1' },
      'unknown-yet': { x: 1 },
      source: { 'crates-io': { 'replace-with': 'mirror' } },
    },
  ])
})

test('files that are included count, also when they include each other', async () => {
  await using made = await madeFolder({
    '.cargo/config.toml': 'include = ["a.toml", { path = "b.toml", optional = true }, "none.toml", 7]',
    '.cargo/a.toml': 'include = "b.toml"\n[env]\nA = "1"',
    '.cargo/b.toml': 'include = ["a.toml", "config.toml", "b.toml"]\n[env]\nB = "1"',
  })
  const configs = await readCargoConfigs({ directory: made.folder, cargoHome: join(made.folder, 'none') })
  expect(configs).toEqual([{ env: { A: '1' } }, { env: { B: '1' } }])
})

test('of two files that are included the later one is the stronger, and the one that includes them is stronger than both', async () => {
  await using made = await madeFolder({
    '.cargo/config.toml': 'include = ["a.toml", "b.toml"]\n[env]\nOWN = "1"',
    '.cargo/a.toml': '[env]\nA = "1"',
    '.cargo/b.toml': '[env]\nB = "1"',
  })
  const configs = await readCargoConfigs({ directory: made.folder, cargoHome: join(made.folder, 'none') })
  expect(configs).toEqual([{ env: { OWN: '1' } }, { env: { B: '1' } }, { env: { A: '1' } }])
})

test('what is no configuration harms nobody', async () => {
  await using made = await madeFolder({
    'a/.cargo/config.toml': '[[[[',
    'a/b/.cargo/config.toml/x': '',
    'a/b/c/.cargo': 'a file',
    'a/b/c/d/.cargo/config.toml': `#${'x'.repeat(2 * 1024 * 1024)}`,
  })
  execFileSync('mkfifo', [join(made.folder, 'a/b/.cargo/config')])
  const directory = join(made.folder, 'a/b/c/d')
  const configs = await readCargoConfigs({ directory, cargoHome: join(made.folder, 'none') })
  expect(configs).toEqual(['a file of 2097153 bytes', '[[[['])
})

test.each([
  ['ID=debian\nVERSION_ID="12"\n', undefined, 'debian12'],
  ['NAME="Ubuntu"\nVERSION_ID="24.04"\nID=ubuntu\nID_LIKE=debian\n', 'ubuntu24', 'ubuntu24.04.ubuntu24'],
  ["ID='opensuse-leap'\nVERSION_ID='15.6'\r\n", undefined, 'opensuse-leap15.6'],
  ['ID=debian\nVERSION_CODENAME=forky\n', undefined, 'debianforky'],
  ['ID=arch\n', undefined, 'arch'],
  ['', 'macos15', 'macos15'],
  ['\0\0=\n=x\nID', undefined, ''],
])('the image of %j is told', async (content, imageOs, expected) => {
  await using made = await madeFolder({ 'os-release': content })
  expect(await readImage({ osRelease: join(made.folder, 'os-release'), imageOs })).toBe(expected)
})

test('a system without that file has an image too', async () => {
  expect(await readImage({ osRelease: '/nowhere/os-release', imageOs: 'win25' })).toBe('win25')
})

test('what links is told by its variables, by zig and by the target, in any order of targets', () => {
  const musl = {
    name: 'x86_64-unknown-linux-musl',
    environment: { CC_x86_64_unknown_linux_musl: 'musl-gcc' },
    zig: false,
  }
  const gnu = { name: 'x86_64-unknown-linux-gnu', environment: { PATH: '/bin' }, zig: false }
  const others = [[musl], [{ ...musl, zig: true }], [{ ...musl, environment: {} }], [{ ...musl, name: gnu.name }], []]
  expect(new Set(others.map(linkingHash)).size).toBe(others.length)
  expect(linkingHash([musl, gnu])).toBe(linkingHash([{ ...gnu, environment: { PATH: '/usr/bin' } }, musl]))
})
