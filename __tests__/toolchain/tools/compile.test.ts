import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Failed } from '../../../src/report/ending.ts'
import { findTool } from '../../../src/toolchain/tools/find.ts'
import { lockOf } from '../../made-project.ts'
import { archiveOf, HERE, type Installation, installation, pinned, sha256Of, TOOL, VERSION } from './installation.ts'
import { startReleaseServer } from './release-server.ts'

/** An environment in which the registry holds one crate, the tool, made by the test. */
function withCrate({ folder }: Installation, main: string): Record<string, string | undefined> {
  const files = {
    'home/config.toml': `[source.crates-io]\nreplace-with = "made"\n[source.made]\ndirectory = "${folder}/crates"\n`,
    'crates/made-tool/Cargo.toml': `[package]\nname = "${TOOL}"\nversion = "${VERSION}"\nedition = "2021"\n`,
    'crates/made-tool/Cargo.lock': lockOf(TOOL).replace('0.1.0', VERSION),
    'crates/made-tool/.cargo-checksum.json': '{"files":{},"package":null}',
    'crates/made-tool/src/main.rs': main,
  }
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  // A project's own place and target must not get into it.
  const theirs = { CARGO_TARGET_DIR: join(folder, 'theirs'), CARGO_BUILD_TARGET: 'no-such-target' }
  return { ...process.env, ...theirs, CARGO_HOME: join(folder, 'home') }
}

const MAIN = mainOf(VERSION)

test('a tool that cannot be downloaded is compiled, after a warning that says why', async () => {
  await using server = await startReleaseServer()
  using place = installation(pinned({ sha256: '' }))
  const environment = withCrate(place, MAIN)
  const found = await findTool({ ...place.options, environment, mirror: server.url })
  const kept = join(place.options.folder, TOOL, VERSION, process.arch)
  expect(found).toEqual({ path: join(kept, TOOL), version: VERSION, source: 'compiled' })
  expect(execFileSync(found.path, { encoding: 'utf8' })).toBe(`${TOOL} ${VERSION}\n`)
  expect(place.said.findings).toEqual([
    {
      level: 'warning',
      title: 'made-tool is compiled',
      message: `made-tool 1.2.3 cannot be downloaded: ${server.url}/made-tool/1.2.3/made-tool.tar.gz: the server answered with status 404. So cargo compiles it now, which can take minutes; to spare that, put made-tool on the PATH, or name a server that has it with tools-mirror.`,
    },
  ])
  expect(place.said.output.join('\n')).toContain('Compiling made-tool v1.2.3')

  // Not in cargo's own home, not in the project's folder, and once.
  expect(existsSync(join(place.folder, 'home/bin'))).toBe(false)
  expect(existsSync(join(place.folder, 'theirs'))).toBe(false)
  expect(readdirSync(join(kept, '..')).toSorted()).toEqual([process.arch, `${process.arch}.complete`])
  expect(await findTool({ ...place.options, environment, mirror: server.url })).toMatchObject({ source: 'tool-cache' })
})

test('a system without a release, a silent mirror, and a release that does not run here are reasons to compile', async () => {
  await using server = await startReleaseServer()
  const foreign = archiveOf({ [TOOL]: '#!/nowhere/ld-linux.so\n' })
  server.answers.set('/made-tool/1.2.3/foreign.tar.gz', foreign)
  server.answers.set('/made-tool/1.2.3/silent.tar.gz', () => {})
  const { [TOOL]: tool } = pinned({ sha256: '' })
  const cases = {
    [`no release for ${HERE} is pinned.`]: { [TOOL]: { ...tool, pins: {} } },
    'silent.tar.gz: it said nothing for 0.1 seconds.': pinned({ sha256: '', fileName: 'silent.tar.gz' }),
    'foreign.tar.gz does not run here.': pinned({
      sha256: sha256Of(foreign),
      fileName: 'foreign.tar.gz',
      binary: TOOL,
    }),
  }
  for (const [why, pins] of Object.entries(cases)) {
    using place = installation(pins)
    const patience = { silentMs: 100, totalMs: 5000, pauseMs: 1 }
    const environment = withCrate(place, MAIN)
    const found = await findTool({ ...place.options, environment, patience, mirror: server.url })
    expect(found.source).toBe('compiled')
    expect(place.said.findings[0]?.message).toContain(why)
  }
})

test('a crate that does not compile, or is not there in this version, ends with what cargo said above', async () => {
  await using server = await startReleaseServer()
  using place = installation(pinned({ sha256: '' }))
  const environment = withCrate(place, 'fn main() { this is no Rust }')
  const compiled = findTool({ ...place.options, environment, mirror: server.url })
  await expect(compiled).rejects.toThrow(Failed)
  await expect(compiled).rejects.toThrow('made-tool 1.2.3 could not be compiled: cargo install ended with 101')
  expect(place.said.output.join('\n')).toContain('error: expected')

  const other = { [TOOL]: { ...pinned({ sha256: '' })[TOOL], version: '9.9.9' } }
  const missing = findTool({ ...place.options, pins: other, environment, mirror: server.url })
  await expect(missing).rejects.toThrow('made-tool 9.9.9 could not be compiled')
  expect(place.said.output.join('\n')).toContain('9.9.9')
})

test('what was compiled and says another version is not used', async () => {
  await using server = await startReleaseServer()
  using place = installation(pinned({ sha256: '' }))
  const environment = withCrate(place, mainOf('6.6.6'))
  await expect(findTool({ ...place.options, environment, mirror: server.url })).rejects.toThrow(
    'made-tool 1.2.3 was compiled, but what came out does not run here.',
  )
})

function mainOf(version: string): string {
  return `fn main() { println!("${TOOL} ${version}"); }`
}
