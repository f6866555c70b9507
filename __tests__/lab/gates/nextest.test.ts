import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { readJunit } from '../../../src/gates/junit.ts'
import { type TestOptions, testGate } from '../../../src/gates/test.ts'
import { gateEnvironment, judged, toolchainProgram } from '../../gates/judged.ts'
import { tested } from '../../gates/judged-tests.ts'
import { hello, madeProject } from '../../made-project.ts'
import { need } from '../ground/need.ts'
import { cargoTools } from '../tools/cargo-tools.ts'
import { whyNoTools } from '../tools/part.ts'

beforeEach((context) => need(context, 'tools', whyNoTools()))
let tools = ''
beforeAll(async () => {
  if (whyNoTools() === undefined) tools = (await cargoTools()).folder
})

/** Each run has a target folder of its own, gone at the end of the test. */
async function nextested(files: Record<string, string>, more: Partial<TestOptions> = {}) {
  using elsewhere = madeProject({})
  const environment = { ...gateEnvironment(elsewhere.folder), PATH: `${tools}:${process.env['PATH']}` }
  return await tested(files, { runner: 'nextest', environment, ...more })
}

const TESTS = `#[test]
fn good() {}
#[test]
#[ignore]
fn slow() {}
#[test]
fn panics() {
    println!("::error::<failure>");
    panic!("a <b> & c")
}
#[test]
fn returns() -> Result<(), String> {
    Err("went wrong".into())
}
#[test]
#[should_panic]
fn should() {}
#[test]
#[should_panic(expected = "abc")]
fn otherwise() {
    panic!("def")
}
#[test]
fn dies() {
    std::process::abort()
}
`

test('every failed test has its place and its reason, and the examples are run as well', async () => {
  const library = '/// ```\n/// panic!("example");\n/// ```\npub fn x() {}\n'
  const verdict = await nextested(hello({ 'src/lib.rs': library, 'tests/it.rs': TESTS }))
  expect(verdict).toMatchObject({ gate: 'test', passed: false, counts: { errors: 6, warnings: 0 } })
  expect(verdict.said).toBe('6 tests failed, 1 passed.')
  expect(verdict.told.sort()).toEqual([
    '-:- error Test dies failed: process aborted with signal 6 (SIGABRT)',
    '-:- error Test returns failed: Error: "went wrong"',
    'src/lib.rs:1 error Test src/lib.rs - x (line 1) failed: example',
    'tests/it.rs:17 error Test should failed: note: test did not panic as expected at tests/it.rs:17:4',
    'tests/it.rs:21 error Test otherwise failed: def',
    'tests/it.rs:9 error Test panics failed: a <b> & c',
  ])
  expect(verdict.findings.find(({ title }) => title === 'Test otherwise failed')?.message).toContain('"abc"')
})

test("the project's own profile, report and retries are kept, and a flaky test is a warning", async () => {
  const config = '[profile.ci]\nretries = 1\n[profile.ci.junit]\npath = "own.xml"\n'
  const flaky = `#[test]\nfn flaky() {\n    let flag = concat!(env!("CARGO_MANIFEST_DIR"), "/target-flag");\n    if std::fs::read(flag).is_err() {\n        std::fs::write(flag, "").unwrap();\n        panic!("the first time");\n    }\n}\n`
  const files = hello({ '.config/nextest.toml': config, 'tests/it.rs': flaky })
  const verdict = await nextested(files, { extraArguments: ['--profile', 'ci'] })
  expect(verdict).toMatchObject({ passed: true, counts: { errors: 0, warnings: 1 }, said: '1 test passed.' })
  expect(verdict.told).toEqual(['tests/it.rs:6 warning Test flaky is flaky: It failed first:'])
})

test.each([
  ['the default profile', {}, []],
  [
    "the project's own profile",
    { '.config/nextest.toml': '[profile.ci.junit]\npath = "own.xml"\n' },
    ['--profile', 'ci'],
  ],
])('the report of the tests stays where others find it, with %s', async (_, more, extraArguments) => {
  using elsewhere = madeProject({})
  using project = madeProject(hello({ 'tests/it.rs': TESTS, ...more }))
  const environment = { ...gateEnvironment(elsewhere.folder), PATH: `${tools}:${process.env['PATH']}` }
  const { options, lines } = judged(project.folder, { environment })
  const kept = join(project.folder, 'target/rust-deploy/junit.xml')
  const scratch = join(elsewhere.folder, 'scratch')
  const run = (moreArguments: readonly string[] = []) =>
    testGate({ ...options, extraArguments: [...extraArguments, ...moreArguments], runner: 'nextest', scratch })
  expect((await run()).junit).toBe(kept)
  expect(lines).toContain(`The report of the tests is in ${kept}.`)
  expect(readJunit(readFileSync(kept, 'utf8'))?.counts.failed).toBe(5)
  // What an earlier run has left speaks for no later one.
  await expect(run(['--frobnicate'])).rejects.toThrow(/--frobnicate/)
  expect(existsSync(kept)).toBe(false)
})

test('all well, nothing to run, and tests that do not compile', async () => {
  expect(await nextested(hello({ 'tests/it.rs': '#[test]\nfn good() {}\n' }))).toMatchObject({
    passed: true,
    said: '1 test passed.',
    findings: [],
  })
  expect(await nextested(hello())).toMatchObject({ passed: true, said: 'There was no test to run.' })
  expect((await nextested(hello({ 'tests/it.rs': 'fn x() {\n    y\n}\n' }))).told).toEqual([
    expect.stringMatching(/^tests\/it.rs:2 error E0425/),
  ])
})

test('what is no matter of the tests is a sentence', async () => {
  const files = hello({ '.config/nextest.toml': '= broken\n' })
  await expect(nextested(files)).rejects.toThrow(/^cargo nextest failed: .*nextest\.toml/s)
  await expect(nextested(hello(), { extraArguments: ['--frobnicate'] })).rejects.toThrow(/--frobnicate/)
})

test('without nextest', async () => {
  using elsewhere = madeProject({})
  const bin = join(elsewhere.folder, 'bin')
  mkdirSync(bin)
  for (const name of ['cargo', 'rustc']) symlinkSync(toolchainProgram(name), join(bin, name))
  const environment = {
    ...gateEnvironment(elsewhere.folder),
    PATH: `${bin}:/usr/bin:/bin`,
    CARGO_HOME: join(elsewhere.folder, 'home'),
  }
  await expect(tested(hello(), { runner: 'nextest', environment })).rejects.toThrow('cargo-nextest is not installed')
})
