import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { madeProject } from '../../made-project.ts'
import { attempt, run } from '../ground/command.ts'
import { need } from '../ground/need.ts'
import { freshRustupHome } from './home.ts'
import { debianRust } from './mirror/debian-rust.ts'
import { rustupMirror } from './mirror.ts'
import { rustupPart } from './part.ts'
import { startRustupServer } from './server.ts'

beforeEach((context) => need(context, 'rustup', rustupPart.whyNot()))
afterEach(() => vi.unstubAllEnvs())

const INSTALL = ['rustup', 'toolchain', 'install', '--no-self-update', '--profile', 'minimal'] as const
const HOST = 'x86_64-unknown-linux-gnu'

test('rustup installs stable with rustfmt and clippy, and then both musl targets', async () => {
  await using server = await startRustupServer()
  await using home = await freshRustupHome()
  const env = { ...home.env, ...server.env }
  const lines = async (...argv: [string, ...string[]]) => (await run(argv, { env })).trim().split('\n')

  await run([...INSTALL, 'stable', '--component', 'rustfmt', '--component', 'clippy'], { env })
  await run(['rustup', 'target', 'add', 'x86_64-unknown-linux-musl', 'aarch64-unknown-linux-musl'], { env })

  expect(await lines('rustup', 'component', 'list', '--installed')).toEqual([
    `cargo-${HOST}`,
    `clippy-${HOST}`,
    'rust-std-aarch64-unknown-linux-musl',
    `rust-std-${HOST}`,
    'rust-std-x86_64-unknown-linux-musl',
    `rustc-${HOST}`,
    `rustfmt-${HOST}`,
  ])
  const { release } = await debianRust()
  expect(await run(['rustc', '--version'], { env })).toContain(`rustc ${release} `)
  expect(await lines('rustup', 'which', 'cargo')).toEqual([
    join(home.folder, `rustup/toolchains/stable-${HOST}/bin/cargo`),
  ])
})

test('a profile of its own brings nothing that was not asked for', async () => {
  await using server = await startRustupServer()
  await using home = await freshRustupHome()
  const env = { ...home.env, ...server.env }
  await run([...INSTALL, 'stable'], { env })
  using project = madeProject({ 'Cargo.toml': '' })

  const fmt = await attempt(['cargo', 'fmt', '--check'], { env, cwd: project.folder })
  expect(fmt.code).not.toBe(0)
  expect(fmt.stderr).toContain("'cargo-fmt' is not installed for the toolchain")
})

test('a toolchain file with a version, in full or without its last number, is honoured over the default', async () => {
  await using server = await startRustupServer()
  await using home = await freshRustupHome()
  const env = { ...home.env, ...server.env }
  await run([...INSTALL, 'stable'], { env })
  const { release } = await debianRust()

  for (const channel of [release, release.replace(/\.\d+$/, '')]) {
    using project = madeProject({
      'rust-toolchain.toml': `[toolchain]\nchannel = "${channel}"\nprofile = "minimal"\ncomponents = ["rustfmt"]\n`,
    })
    const rust = (...argv: [string, ...string[]]) => run(argv, { env, cwd: project.folder })
    expect(await rust('rustc', '--version')).toContain(`rustc ${release} `)
    expect(await rust('rustup', 'show', 'active-toolchain')).toMatch(`${channel}-${HOST} (overridden by '`)
    expect(await rust('cargo', 'fmt', '--version')).toContain('rustfmt')
  }
})

test('what the mirror does not have is refused with its name, and nothing is installed', async () => {
  await using server = await startRustupServer()
  await using home = await freshRustupHome()
  const env = { ...home.env, ...server.env }

  const old = await attempt([...INSTALL, '1.70.0'], { env })
  expect(old.code).toBe(1)
  expect(old.stderr).toContain(`error: could not download nonexistent rust version \`1.70.0-${HOST}\``)

  // rustup looks for an older nightly, takes for granted that there is one, and panics. The real server always has one.
  const nightly = await attempt([...INSTALL, 'nightly'], { env })
  expect(nightly.code).not.toBe(0)
  expect(nightly.stderr).toContain(`nightly-${HOST}`)

  await run([...INSTALL, 'stable'], { env })
  const target = await attempt(['rustup', 'target', 'add', 'riscv64gc-unknown-linux-musl'], { env })
  expect(target.code).toBe(1)
  expect(target.stderr).toContain("no prebuilt artifacts available for target 'riscv64gc-unknown-linux-musl'")
  const itself = await attempt(['rustup', 'self', 'update'], { env })
  expect(itself.code).toBe(1)
  expect(itself.stderr).toContain(`could not download file from '${server.url}/rustup/release-stable.toml'`)
  expect(await run(['rustup', 'toolchain', 'list'], { env })).toMatch(new RegExp(`^stable-${HOST}.*\n$`))
})

test('an archive with one wrong byte is refused', async () => {
  await using home = await freshRustupHome()
  const mirror = join(home.folder, 'mirror')
  cpSync(await rustupMirror(), mirror, { recursive: true })
  damage(mirror, /^cargo-/)
  await using server = await startRustupServer({ folder: mirror })
  const env = { ...home.env, ...server.env }

  const said = await attempt([...INSTALL, 'stable'], { env })
  expect(said.code).toBe(1)
  expect(said.stderr).toMatch(/checksum/)
  expect(await run(['rustup', 'toolchain', 'list'], { env })).toBe('no installed toolchains\n')
})

test('a server that fails is a failure, and what it failed at is named', async () => {
  await using server = await startRustupServer({
    around: (serve) => (request, response) => {
      if (request.url?.includes('/rustc-') === true) response.writeHead(500).end()
      else serve(request, response)
    },
  })
  await using home = await freshRustupHome()
  const said = await attempt([...INSTALL, 'stable'], { env: { ...home.env, ...server.env } })
  expect(said.code).toBe(1)
  expect(said.stderr).toContain('500')
  expect(said.stderr).toContain('rustc')
})

test("a fresh home has nothing of the machine's own rustup, and is gone afterwards", async () => {
  vi.stubEnv('RUSTUP_AUTO_INSTALL', '0')
  vi.stubEnv('RUSTUP_TOOLCHAIN', 'nightly')
  vi.stubEnv('CARGO_BUILD_TARGET', 'wasm32-unknown-unknown')
  vi.stubEnv('RUSTFLAGS', '-Dwarnings')
  vi.stubEnv('SSL_CERT_FILE', '/etc/ssl/certs/ca-certificates.crt')
  let folder: string
  {
    await using home = await freshRustupHome()
    folder = home.folder
    expect(Object.keys(home.env).filter((name) => /RUST|CARGO/.test(name))).toEqual(['CARGO_HOME', 'RUSTUP_HOME'])
    expect(home.env.SSL_CERT_FILE).toBe('/etc/ssl/certs/ca-certificates.crt')
    expect(await run(['rustup', 'toolchain', 'list'], { env: home.env })).toBe('no installed toolchains\n')
    expect(readdirSync(join(home.env.CARGO_HOME ?? '', 'bin'))).toContain('cargo-clippy')
  }
  expect(existsSync(folder)).toBe(false)
})

/** Flips one bit in the middle of an archive. */
function damage(mirror: string, which: RegExp): void {
  const names = readdirSync(mirror, { recursive: true, encoding: 'utf8' })
  const found = names.find((name) => name.endsWith('.tar.gz') && which.test(name.split('/').at(-1) ?? ''))
  const path = join(mirror, found ?? 'no such archive')
  const bytes = readFileSync(path)
  const middle = bytes.length >> 1
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle)
  writeFileSync(path, bytes)
}
