import { expect, test } from 'vitest'
import { clippyArguments, clippyGate } from '../../src/gates/clippy.ts'
import { Cancelled } from '../../src/report/ending.ts'
import { apiAndWorker, hello, lockOf, madeProject, manifestOf } from '../made-project.ts'
import { judged } from './judged.ts'
import { clippy, WARNS } from './judged-clippy.ts'
import { lockWithUse } from './made-workspace.ts'

test('a warning fails the gate at its line, with its lint, its page and what would mend it', async () => {
  const verdict = await clippy(hello({ 'src/main.rs': WARNS }))
  expect(verdict).toMatchObject({ gate: 'clippy', passed: false, counts: { errors: 0, warnings: 1 } })
  expect(verdict.said).toBe('clippy found 1 warning, and warnings are denied.')
  expect(verdict.findings).toEqual([
    {
      level: 'warning',
      title: 'clippy::len_zero',
      message: expect.stringMatching(
        /^length comparison to zero\nhttps:\/\/rust-lang\.github\.io\/rust-clippy\/\S+len_zero\nhelp: .*: `text\.is_empty\(\)`$/,
      ),
      // Once, although the program and its tests are two units.
      place: { file: 'src/main.rs', line: 3, column: 8 },
    },
  ])
  expect(verdict.log.match(/length comparison to zero/g)).toHaveLength(1)
})

test("the caller hears all of cargo's messages", async () => {
  const heard: string[] = []
  await clippy(hello(), { onMessage: (line) => heard.push(line) })
  expect(heard.filter((line) => line.includes('"compiler-artifact"'))).toHaveLength(2)
})

test('clippy:warn reports the same and passes', async () => {
  const verdict = await clippy(hello({ 'src/main.rs': WARNS }), { mode: 'warn' })
  expect(verdict).toMatchObject({ passed: true, counts: { errors: 0, warnings: 1 } })
  expect(verdict.told).toEqual(['src/main.rs:3 warning clippy::len_zero: length comparison to zero'])
})

test('clean code passes, and the output has colours when asked', async () => {
  expect(await clippy(hello())).toMatchObject({ passed: true, said: 'clippy has nothing to say.', findings: [] })
  const { log, told: findings } = await clippy(hello({ 'src/main.rs': WARNS }), { colour: true })
  expect(log).toContain('\x1b[')
  expect(findings.join()).not.toContain('\x1b')
})

test('a crate that does not compile hides nothing in the others, nor does a warning in one that others need', async () => {
  const verdict = await clippy({
    ...apiAndWorker(),
    'Cargo.toml': '[workspace]\nresolver = "2"\nmembers = ["api", "worker", "shared"]\n',
    'Cargo.lock': lockWithUse('api', 'shared', 'worker'),
    'shared/Cargo.toml': manifestOf('shared'),
    'shared/src/lib.rs': 'pub fn shared() {\n    let unused = 1;\n}\n',
    'api/Cargo.toml': manifestOf('api', '[dependencies]\nshared = { path = "../shared" }\n'),
    'api/src/main.rs': 'fn main() {\n    shared::shared();\n    let never = 2;\n}\n',
    'worker/src/main.rs': 'fn main() {\n    let text: u32 = "";\n}\n',
    'worker/benches/speed.rs': 'fn main() {\n    let slow = 1;\n}\n',
  })
  expect(verdict).toMatchObject({ passed: false, counts: { errors: 1, warnings: 3 } })
  expect(verdict.said).toBe('clippy found 1 error and 3 warnings.')
  expect(verdict.told.sort()).toEqual([
    'api/src/main.rs:3 warning unused_variables: unused variable: `never`',
    'shared/src/lib.rs:2 warning unused_variables: unused variable: `unused`',
    'worker/benches/speed.rs:2 warning unused_variables: unused variable: `slow`',
    'worker/src/main.rs:2 error E0308: mismatched types',
  ])
})

test('what is no matter of the code is a sentence, not a verdict', async () => {
  using project = madeProject({ ...hello(), 'Cargo.lock': lockOf('else') })
  const { options } = judged(project.folder)
  await expect(clippyGate({ ...options, mode: 'deny' })).rejects.toThrow(/^cargo clippy failed: .*--locked/s)
  await expect(clippyGate({ ...options, mode: 'deny', signal: AbortSignal.abort() })).rejects.toThrow(Cancelled)
  using fine = madeProject(hello())
  const wrong = judged(fine.folder, { featureArguments: ['--features', 'nope'] })
  await expect(clippyGate({ ...wrong.options, mode: 'deny' })).rejects.toThrow(/feature.*nope/s)
})

test('the arguments', () => {
  const selected = {
    featureArguments: ['--all-features'],
    extraArguments: ['--', '-W', 'clippy::pedantic'],
    colour: false,
  }
  expect(clippyArguments(selected).join(' ')).toBe(
    'clippy --workspace --all-targets --locked --offline --keep-going --all-features --message-format json -- -W clippy::pedantic',
  )
})
