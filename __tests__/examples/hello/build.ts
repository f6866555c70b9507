import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseRecord, textOf } from '../../../src/json/narrow.ts'
import { attempt, run, type Said } from '../../lab/ground/command.ts'
import { cacheFolder } from '../../lab/ground/folders.ts'
import { oneAtATime } from '../../lab/ground/single.ts'

const PROJECT = join(import.meta.dirname, '../../../examples/hello')

/** What the builds of a deploy are given, and nobody else is. */
type Given = { RUST_DEPLOY_SHA?: string; RUST_DEPLOY_VERSION?: string }

/** Builds the example and copies its binary into `folder`: the next build, with other facts, replaces cargo's own. */
export async function buildHello(folder: string, name: string, given: Given): Promise<string> {
  return oneAtATime('hello', async () => {
    const argv = ['cargo', 'build', '--locked', '--message-format', 'json-render-diagnostics'] as const
    const messages = await run([...argv], { cwd: PROJECT, env: environment(given), timeoutMs: 500_000 })
    const built = messages
      .split('\n')
      .map((line) => textOf(parseRecord(line)?.['executable']))
      .find((executable) => executable !== '')
    if (built === undefined) throw new Error('cargo built examples/hello and named no executable')
    const kept = join(folder, name)
    copyFileSync(built, kept)
    return kept
  })
}

/** The tests that need what Node.js does not have: datagrams, and a socket that is held and not accepted from. */
export async function testHello(): Promise<Said> {
  return oneAtATime('hello', () =>
    attempt(['cargo', 'test', '--locked'], { cwd: PROJECT, env: environment({}), timeoutMs: 500_000 }),
  )
}

function environment({ RUST_DEPLOY_SHA, RUST_DEPLOY_VERSION }: Given): Record<string, string | undefined> {
  // Not in the project: nothing is written there, and what was compiled outlives a fresh clone.
  const CARGO_TARGET_DIR = join(cacheFolder(), 'hello-target')
  return { ...process.env, CARGO_TARGET_DIR, RUST_DEPLOY_SHA, RUST_DEPLOY_VERSION }
}
