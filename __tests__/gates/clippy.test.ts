import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { clippyArguments, clippyGate } from '../../src/gates/clippy.ts'
import { Cancelled } from '../../src/report/ending.ts'
import { apiAndWorker, hello, lockOf, madeProject, manifestOf } from '../made-project.ts'
import { judged } from './judged.ts'
import { clippy, WARNS } from './judged-clippy.ts'
import { lockWithUse } from './made-workspace.ts'

test('a warning fails the gate at its line, with its lint, its page and what would mend it', async () => {
  const verdict = await clippy(hello({ 'src/main.rs': WARNS }))
  expect(verdict).toMatchObject({ gate: 'clippy', passed: false, counts: { errors: 1, warnings: 0 } })
  expect(verdict.said).toBe('clippy found 1 warning, and warnings are denied.')
  expect(verdict.findings).toEqual([
    {
      level: 'error',
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
  expect(verdict).toMatchObject({ passed: false, counts: { errors: 4, warnings: 0 } })
  expect(verdict.said).toBe('clippy found 1 error and 3 warnings, and warnings are denied.')
  expect(verdict.told.sort()).toEqual([
    'api/src/main.rs:3 error unused_variables: unused variable: `never`',
    'shared/src/lib.rs:2 error unused_variables: unused variable: `unused`',
    'worker/benches/speed.rs:2 error unused_variables: unused variable: `slow`',
    'worker/src/main.rs:2 error E0308: mismatched types',
  ])
})

test('clippy:warn lets no code through that does not compile', async () => {
  const wrong = 'fn main() {\n    let text: u32 = "";\n}\n'
  const verdict = await clippy(hello({ 'src/main.rs': wrong, 'src/lib.rs': WARNS }), { mode: 'warn' })
  expect(verdict).toMatchObject({ passed: false, counts: { errors: 1, warnings: 2 } })
  expect(verdict.said).toBe('The code does not compile: clippy found 1 error and 2 warnings.')
  expect(verdict.told).toContain('src/main.rs:2 error E0308: mismatched types')
  const unnumbered = await clippy(hello({ 'src/main.rs': 'fn main() {\n    println!("{}");\n}\n' }), { mode: 'warn' })
  expect(unnumbered.told).toEqual([
    expect.stringMatching(/^src\/main.rs:2 error Compiler error: 1 positional argument/),
  ])
  expect(unnumbered.passed).toBe(false)
})

test('clippy:warn lowers every lint, whoever has denied it, and judges the crates that use such code', async () => {
  const verdict = await clippy(
    hello(
      {
        'src/lib.rs':
          '#![forbid(unused_variables)]\npub fn one() {\n    let x = 1;\n    print!("");\n    let _ = [1.0] == [f64::NAN];\n    let _ = 1.0 == f64::NAN;\n}\n',
        'src/main.rs': 'fn main() {\n    hello::one();\n    let late = 3;\n}\n',
      },
      '[lints.clippy]\nprint_stdout = "deny"\n',
    ),
    { mode: 'warn', extraArguments: ['--', '-D', 'warnings'] },
  )
  expect(verdict.told.toSorted()).toEqual([
    'src/lib.rs:3 warning unused_variables: unused variable: `x`',
    expect.stringMatching(/^src\/lib.rs:4 warning clippy::print_stdout/),
    expect.stringMatching(/^src\/lib.rs:6 warning invalid_nan_comparisons/),
    'src/main.rs:3 warning unused_variables: unused variable: `late`',
  ])
  expect(verdict).toMatchObject({ passed: true, counts: { errors: 0, warnings: 4 } })
  expect(verdict.said).toBe('clippy found 4 warnings, and `clippy:warn` only reports them.')
})

test('cargo is asked for its reasons where somebody wants them, and its commands are not shown', async () => {
  using project = madeProject(hello({ 'build.rs': 'fn main() {}\n' }))
  const reasons: string[] = []
  const { options, lines } = judged(project.folder, { onReason: (line) => reasons.push(line) })
  const denying = { ...options, mode: 'deny', keepsGoing: true } as const
  await clippyGate(denying)
  expect(reasons).toEqual([])
  appendFileSync(join(project.folder, 'src/main.rs'), '// more\n')
  expect(await clippyGate(denying)).toMatchObject({ passed: true })
  expect(reasons.map((line) => line.trim())).toEqual([expect.stringMatching(/^Dirty hello v0\.1\.0 \(.+\): ./)])
  expect(lines.join('\n')).toMatch(/Compiling hello/)
  expect(lines.join('\n')).not.toMatch(/Running|Fresh|Dirty/)
})

test('what is no matter of the code is a sentence, not a verdict', async () => {
  using project = madeProject({ ...hello(), 'Cargo.lock': lockOf('else') })
  const denying = { mode: 'deny', keepsGoing: true } as const
  const { options } = judged(project.folder)
  await expect(clippyGate({ ...options, ...denying })).rejects.toThrow(/^cargo clippy failed: .*--locked/s)
  await expect(clippyGate({ ...options, ...denying, signal: AbortSignal.abort() })).rejects.toThrow(Cancelled)
  using fine = madeProject(hello())
  const wrong = judged(fine.folder, { featureArguments: ['--features', 'nope'] })
  await expect(clippyGate({ ...wrong.options, ...denying })).rejects.toThrow(/feature.*nope/s)
})

test('the arguments', () => {
  const selected = {
    featureArguments: ['--all-features'],
    extraArguments: ['--', '-W', 'clippy::pedantic'],
    target: undefined,
    mode: 'deny',
    keepsGoing: true,
    colour: false,
  } as const
  const said = (more: object = {}) => clippyArguments({ ...selected, ...more }).join(' ')
  expect(said()).toBe(
    'clippy --workspace --all-targets --locked --offline --keep-going --all-features --message-format json -- -W clippy::pedantic',
  )
  expect(said({ keepsGoing: false })).not.toContain('--keep-going')
  expect(said({ target: 'aarch64-unknown-linux-gnu' })).toContain(' --target aarch64-unknown-linux-gnu ')
  expect(said({ onReason: () => {} })).toContain(' --verbose ')
  expect(said({ mode: 'warn' })).toMatch(/ -- -W clippy::pedantic --cap-lints warn$/)
  expect(said({ mode: 'warn', extraArguments: ['--no-deps'] })).toMatch(/ --no-deps -- --cap-lints warn$/)
})
