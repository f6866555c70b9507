import { expect, test } from 'vitest'
import { hello, madeProject } from '../made-project.ts'
import { cli } from './cli-door.ts'

/** Each would cost minutes if it were found by the tool that it is for. */
test.each([
  [
    ['build', '--profile', 'relase'],
    'There is no profile `relase` in the Cargo.toml of the workspace; did you mean `release`?',
  ],
  [['check', '--test-target', 'not a target'], 'is no target of Rust'],
  [
    ['check', '--test-target', 'x86_64-unknown-linux-gnu.2.28'],
    'but tests run with the glibc of this machine: write x86_64-unknown-linux-gnu.',
  ],
  [['build', '--attest', 'required'], '`attest` is `required`, but: Nothing is attested outside GitHub Actions'],
  [['check', '--auditable'], '--auditable has no meaning for the command `check`; it belongs to plan, build.'],
  [['check', '--profile', 'dev'], '--profile has no meaning for the command `check`'],
  [['build', '--from', 'x', '--cache', 'off'], '--cache contradicts --from'],
  [['build', '--files', 'nowhere/*'], '`files` has the pattern "nowhere/*", and no file matches it'],
  [
    ['build', '--target', 'x86_64-unknown-linux-gnu,x86_64-unknown-linux-gnu.2.28'],
    'names x86_64-unknown-linux-gnu twice',
  ],
] as const)('%j is refused before anything is compiled', async (args, sentence) => {
  using project = madeProject(hello())
  const { code, stderr } = await cli(args, project)
  expect([code, stderr]).toEqual([2, expect.stringContaining(sentence)])
  expect(stderr).not.toContain('Fetch dependencies')
})

test("a profile that only cargo's configuration has is known", async () => {
  using project = madeProject(hello({ '.cargo/config.toml': '[profile.quick]\ninherits = "dev"\n' }))
  const { code, stderr } = await cli(['build', '--profile', 'quick'], project)
  expect(code, stderr).toBe(0)
})
