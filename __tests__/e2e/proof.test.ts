import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startGithub } from '../lab/github/github.ts'
import { need } from '../lab/ground/need.ts'
import { startRunner } from '../lab/runner/runner.ts'
import { freshRustupHome } from '../lab/rustup/home.ts'
import { rustupPart } from '../lab/rustup/part.ts'
import { startRustupServer } from '../lab/rustup/server.ts'
import { hello, madeProject } from '../made-project.ts'
import { cli } from './cli-door.ts'

const ROOT = join(import.meta.dirname, '../..')
const MUSL = 'x86_64-unknown-linux-musl'

test('a binary that is dynamic where static was promised is caught before anything is uploaded', async (context) => {
  need(context, 'rustup', rustupPart.whyNot())
  await using server = await startRustupServer()
  await using home = await freshRustupHome()
  await using github = await startGithub()
  using project = madeProject(
    hello({ '.cargo/config.toml': `[target.${MUSL}]\nrustflags = ["-Ctarget-feature=-crt-static"]\n` }),
  )
  await using runner = await startRunner({ action: ROOT, workspace: project.folder, services: github.env() })
  const run = await runner.runStep({
    inputs: { toolchain: 'stable', target: MUSL, cache: 'off' },
    env: { ...home.env, ...server.env },
  }).done
  expect(run.outcome, run.log.join('\n')).toBe('failure')
  expect(run.annotations.map(({ message }) => message)).toEqual([
    expect.stringMatching(
      /^The binary `hello` is not static: it needs .*, but x86_64-unknown-linux-musl was promised\./,
    ),
  ])
  expect(run.outputs['binary']).toBeUndefined()
  expect(github.artifacts.list()).toEqual([])
  expect(github.requests.filter(({ operation }) => operation === 'CreateArtifact')).toEqual([])
})

test('what is taken is proved like what is built: machine, libc, and its oldest version', async (context) => {
  need(
    context,
    'a dynamic program',
    process.platform === 'linux' && process.arch === 'x64' ? undefined : 'it is for Linux on x86_64',
  )
  using project = madeProject(hello())
  const taking = async (...target: string[]) => {
    const run = await cli(
      ['build', '--from', process.execPath, ...target.flatMap((name) => ['--target', name])],
      project,
    )
    return [run.code, run.stderr]
  }
  // The section in Cargo.toml names the triple of this machine, and Node is a program for it.
  expect(await taking()).toEqual([0, expect.stringContaining('dynamic with')])
  expect(await taking('aarch64-unknown-linux-gnu')).toEqual([
    1,
    expect.stringContaining('is for x86_64, but aarch64-unknown-linux-gnu was promised'),
  ])
  expect(await taking(MUSL)).toEqual([1, expect.stringContaining('is not static')])
  expect(await taking('x86_64-unknown-linux-gnu.2.17')).toEqual([
    1,
    expect.stringMatching(/needs glibc 2\.\d+ \(because of .+\), but x86_64-unknown-linux-gnu\.2\.17 promises/),
  ])
})
