import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { STRANGER, startGitServer } from '../lab/git/git-server.ts'
import { hello, madeProject, manifestOf } from '../made-project.ts'
import { cli } from './cli-door.ts'

const TOKEN = 'ghs_tokenOfATest'

/** cargo remembers what it fetched in its home, so each test has one of its own; the toolchain stays where it is. */
let home = ''
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'rust-deploy-home-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

/** A build script that fails when the token is anywhere in its environment. */
const SPY = `fn main() {
    for (name, value) in std::env::vars() {
        assert!(!value.contains("${TOKEN}") && !name.starts_with("GIT_CONFIG"), "{name} shows the token");
    }
}
`

async function withPrivateDependency(build: (folder: string, url: string) => Promise<void>) {
  using dependency = madeProject({
    'Cargo.toml': manifestOf('private'),
    'src/lib.rs': 'pub fn word() -> &\'static str { "private" }\n',
  })
  const sha = dependency.commit()
  await using server = await startGitServer({ root: dependency.folder, token: TOKEN })
  const url = `${server.url}/.git`
  using project = madeProject(
    hello(
      { 'src/main.rs': 'fn main() { println!("{}", private::word()) }\n', 'build.rs': SPY },
      `[dependencies]\nprivate = { git = "${url}" }\n`,
    ),
  )
  writeFileSync(
    join(project.folder, 'Cargo.lock'),
    `version = 4\n\n[[package]]\nname = "hello"\nversion = "0.1.0"\ndependencies = [\n "private",\n]\n\n[[package]]\nname = "private"\nversion = "0.1.0"\nsource = "git+${url}#${sha}"\n`,
  )
  project.commit()
  await build(project.folder, server.url)
}

test('only cargo fetch gets the token, and everything after it runs without', async () => {
  await withPrivateDependency(async (folder, url) => {
    const env = { CARGO_HOME: home, GITHUB_SERVER_URL: url, RUST_DEPLOY_CARGO_GIT_TOKEN: TOKEN }
    const run = await cli(['build', '--profile', 'dev'], { folder, env })
    expect(run.code, run.stderr).toBe(0)
    expect(run.stdout + run.stderr).not.toContain(TOKEN)
    // By now it is here: the next run needs no token.
    const again = await cli(['build', '--profile', 'dev'], {
      folder,
      env: { CARGO_HOME: home, GITHUB_SERVER_URL: url },
    })
    expect(again.code, again.stderr).toBe(0)
  })
})

test('an empty token in CI: what makes a secret empty is said', async () => {
  await withPrivateDependency(async (folder, url) => {
    const env = { CARGO_HOME: home, GITHUB_SERVER_URL: url, CI: 'true', RUST_DEPLOY_CARGO_GIT_TOKEN: '' }
    const run = await cli(['build'], { folder, env })
    expect(run.code).toBe(1)
    expect(run.stderr).toContain('`cargo-git-token` is empty')
    expect(run.stderr).toContain('secrets: inherit')
  })
})

test('a token that may not read is refused without being shown', async () => {
  await withPrivateDependency(async (folder, url) => {
    const env = { CARGO_HOME: home, GITHUB_SERVER_URL: url, RUST_DEPLOY_CARGO_GIT_TOKEN: STRANGER }
    const run = await cli(['build'], { folder, env })
    expect(run.code).toBe(1)
    expect(run.stderr).toContain('A private dependency refused `cargo-git-token`')
    expect(run.stdout + run.stderr).not.toContain(STRANGER)
  })
})

test('a program that the project names as its compiler does not see the token', async () => {
  await withPrivateDependency(async (folder, url) => {
    const seen = join(home, 'seen')
    const spy = join(home, 'spy')
    writeFileSync(spy, `#!/bin/sh\nenv >> ${seen}\nexec "$@"\n`, { mode: 0o755 })
    mkdirSync(join(folder, '.cargo'))
    writeFileSync(join(folder, '.cargo/config.toml'), `[build]\nrustc-wrapper = "${spy}"\n`)
    const env = { CARGO_HOME: home, GITHUB_SERVER_URL: url, RUST_DEPLOY_CARGO_GIT_TOKEN: TOKEN }
    const run = await cli(['build', '--profile', 'dev'], { folder, env })
    expect(run.code, run.stderr).toBe(0)
    // It was called for the build, where it belongs, and found nothing there.
    const text = readFileSync(seen, 'utf8')
    expect(text).toContain('CARGO_PKG_NAME=hello')
    expect(text).not.toMatch(/GIT_CONFIG|ghs_/)
    expect(text).not.toContain(Buffer.from(`x-access-token:${TOKEN}`).toString('base64'))
  })
})

test('what git was already told through the environment stays', async () => {
  await withPrivateDependency(async (folder, url) => {
    // The dependency is named by an address that only the user's own rule makes readable.
    const told = {
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: `http.${url}/.extraheader`,
      GIT_CONFIG_VALUE_0: `Authorization: Basic ${Buffer.from('x-access-token:other').toString('base64')}`,
    }
    const env = { ...told, CARGO_HOME: home, GITHUB_SERVER_URL: url, RUST_DEPLOY_CARGO_GIT_TOKEN: TOKEN }
    const run = await cli(['build', '--profile', 'dev'], { folder, env })
    expect(run.code, run.stderr).toBe(0)
  })
})
