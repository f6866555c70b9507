import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Refused } from '../../src/report/ending.ts'
import type { Name } from '../../src/settings/table.ts'
import { hello, lockOf, madeProject, manifestOf } from '../made-project.ts'
import { factsOf } from './made-facts.ts'

/** All that is wrong, told before anything runs; nothing where a run may begin. */
async function problemsOf(folder: string, settings: Partial<Record<Name, string>>): Promise<readonly string[]> {
  try {
    await factsOf(folder, settings)
    return []
  } catch (error) {
    if (error instanceof Refused) return error.problems
    throw error
  }
}

const NO_ADDRESS = expect.stringMatching(
  /^tools-mirror is not an address that tools can be downloaded from\. Write an /,
)
const NO_DENY_TOML = expect.stringMatching(/^The gate `deny` needs a deny\.toml, .*`cargo deny init`/)

test.each(['plan', 'check', 'build'])(
  '%s refuses a mirror that is none, with all else that is wrong',
  async (command) => {
    using project = madeProject(hello())
    const settings = { command, gates: 'fmt, test:nextest', 'tools-mirror': 'ftp://x' }
    expect(await problemsOf(project.folder, settings)).toEqual([NO_ADDRESS])
    expect(await problemsOf(project.folder, { ...settings, 'test-target': 'x86_64-unknown-linux-gnu.2.28' })).toEqual([
      NO_ADDRESS,
      expect.stringContaining('`test-target` is '),
    ])
    expect(await problemsOf(project.folder, { ...settings, 'tools-mirror': 'https://mirror.example/tools' })).toEqual(
      [],
    )
  },
)

test('the gate deny without its configuration is refused, and with :warn it is left to the gate', async () => {
  using project = madeProject(hello())
  const settings = { command: 'check', gates: 'deny' }
  expect(await problemsOf(project.folder, settings)).toEqual([NO_DENY_TOML])
  expect(await problemsOf(project.folder, { ...settings, 'tools-mirror': 'ftp://x' })).toEqual([
    NO_ADDRESS,
    NO_DENY_TOML,
  ])
  expect(await problemsOf(project.folder, { ...settings, gates: 'deny:warn' })).toEqual([])
  expect(await problemsOf(project.folder, { ...settings, gates: 'fmt' })).toEqual([])
  mkdirSync(join(project.folder, '.cargo'))
  writeFileSync(join(project.folder, '.cargo/deny.toml'), '')
  expect(await problemsOf(project.folder, settings)).toEqual([])
})

test('the configuration of deny may stand above the workspace, but not above the repository', async () => {
  using project = madeProject({
    'deny.toml': '',
    'rust/Cargo.toml': manifestOf('hello'),
    'rust/Cargo.lock': lockOf('hello'),
    'rust/src/main.rs': 'fn main() {}\n',
    '.gitignore': 'target\n',
  })
  const settings = { command: 'check', gates: 'deny' }
  const inner = join(project.folder, 'rust')
  expect(await problemsOf(inner, settings)).toEqual([])
  using other = madeProject(hello())
  // A repository of its own.
  expect(await problemsOf(other.folder, settings)).toEqual([NO_DENY_TOML])
})
