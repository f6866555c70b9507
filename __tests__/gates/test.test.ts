import { expect, test } from 'vitest'
import { wantsNextest } from '../../src/gates/nextest.ts'
import { compileArguments, doctestArguments, testArguments } from '../../src/gates/test.ts'
import { hello, madeProject } from '../made-project.ts'
import { tested } from './judged-tests.ts'

const TESTS = `fn main() {}
#[test]
fn good() {}
#[test]
#[ignore]
fn slow() {}
#[test]
fn bad() {
    println!("::error::not ours");
    assert_eq!(1, 2, "numbers");
}
`

test('a failed test is a finding at the line where it failed, and the others run', async () => {
  const verdict = await tested(hello({ 'src/main.rs': TESTS, 'tests/more.rs': '#[test]\nfn more() {}\n' }))
  expect(verdict).toMatchObject({ gate: 'test', passed: false, counts: { errors: 1, warnings: 0 } })
  expect(verdict.said).toBe('1 test failed, 2 passed, 1 ignored.')
  expect(verdict.findings).toEqual([
    {
      level: 'error',
      title: 'Test bad failed',
      message: 'assertion `left == right` failed: numbers\n  left: 1\n right: 2',
      place: { file: 'src/main.rs', line: 10, column: 5 },
    },
  ])
  expect(verdict.log).toContain('test bad ... FAILED')
})

test('tests that do not compile are findings at their lines', async () => {
  const verdict = await tested(hello({ 'tests/more.rs': '#[test]\nfn more() {\n    let x: u32 = "";\n}\n' }))
  expect(verdict).toMatchObject({ passed: false, said: 'The tests do not compile: 1 error.' })
  expect(verdict.told).toEqual(['tests/more.rs:3 error E0308: mismatched types'])
})

const selected = { featureArguments: ['--features', 'big'], target: undefined, colour: false }

test('the arguments of cargo: what the user adds goes last, and what is for the test programs is not compiled', () => {
  const cargo = {
    ...selected,
    runner: 'cargo',
    extraArguments: ['--exclude', 'slow', '--', '--test-threads=1'],
  } as const
  expect(compileArguments(cargo).join(' ')).toBe(
    'test --no-run --workspace --no-fail-fast --locked --offline --features big --message-format json --exclude slow',
  )
  expect(testArguments(cargo).join(' ')).toBe(
    'test --workspace --no-fail-fast --locked --offline --features big --exclude slow -- --test-threads=1',
  )
  expect(testArguments({ ...cargo, target: 'aarch64-unknown-linux-gnu' })).toContain('aarch64-unknown-linux-gnu')
  const nextest = { ...selected, runner: 'nextest', extraArguments: ['--profile', 'ci'] } as const
  expect(compileArguments(nextest)).not.toContain('--profile')
  expect(doctestArguments(nextest).join(' ')).toBe(
    'test --doc --workspace --no-fail-fast --locked --offline --features big',
  )
})

test('a project with a configuration of nextest wants nextest', () => {
  using plain = madeProject(hello())
  using other = madeProject(hello({ '.config/nextest.toml': '' }))
  expect([wantsNextest(plain.folder), wantsNextest(other.folder)]).toEqual([false, true])
})
