import { join } from 'node:path'
import { expect, test } from 'vitest'
import { testGate } from '../../../src/gates/test.ts'
import { Cancelled, Failed } from '../../../src/report/ending.ts'
import { hostTriple, judged } from '../../gates/judged.ts'
import { tested } from '../../gates/judged-tests.ts'
import { apiAndWorker, hello, lockOf, madeProject, manifestOf } from '../../made-project.ts'

test('every way in which a test can fail has its place, from the root of the workspace', async () => {
  const { told, counts } = await tested({
    ...apiAndWorker(),
    'api/src/lib.rs': `/// \`\`\`
/// assert_eq!(1, 3);
/// \`\`\`
pub fn one() {}
/// \`\`\`
/// let x: u32 = "";
/// \`\`\`
pub mod deep;
`,
    'api/src/deep/mod.rs': `#[test]
fn panics() {
    let nothing: Option<u32> = None;
    nothing.unwrap();
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
fn in_a_thread() {
    std::thread::spawn(|| panic!("within")).join().unwrap();
}
`,
    'worker/tests/it.rs': '#[test]\nfn works() {\n    panic!("not yet")\n}\n',
  })
  expect(counts).toEqual({ errors: 8, warnings: 0 })
  expect(told.sort()).toEqual([
    '-:- error Test deep::returns failed: Error: "went wrong"',
    'api/src/deep/mod.rs:12 error Test deep::should failed: note: test did not panic as expected at api/src/deep/mod.rs:12:4',
    'api/src/deep/mod.rs:16 error Test deep::otherwise failed: def',
    'api/src/deep/mod.rs:20 error Test deep::in_a_thread failed: called `Result::unwrap()` on an `Err` value: Any { .. }',
    'api/src/deep/mod.rs:4 error Test deep::panics failed: called `Option::unwrap()` on a `None` value',
    'api/src/lib.rs:1 error Test api/src/lib.rs - one (line 1) failed: assertion `left == right` failed',
    expect.stringMatching(/^api\/src\/lib.rs:5 error Test api\/src\/lib.rs - deep \(line 5\) failed: error\[E0308\]/),
    'worker/tests/it.rs:3 error Test works failed: not yet',
  ])
})

test('programs that die, leave with a code of their own, or have a main of their own are named', async () => {
  const { told, said, counts } = await tested(
    hello(
      {
        'tests/aborts.rs': '#[test]\nfn a() {\n    std::process::abort()\n}\n',
        'tests/killed.rs':
          '#[test]\nfn a() {\n    std::process::Command::new("kill").args(["-9", &std::process::id().to_string()]).status().unwrap();\n    loop {}\n}\n',
        'tests/leaves.rs': '#[test]\nfn a() {\n    std::process::exit(3)\n}\n',
        'tests/own.rs': 'fn main() {\n    panic!("on its own")\n}\n',
        'tests/silent.rs': 'fn main() {\n    std::process::exit(1)\n}\n',
        'tests/fails.rs': '#[test]\nfn fails() {\n    panic!("no")\n}\n',
        'tests/works.rs': '#[test]\nfn works() {}\n',
      },
      '[[test]]\nname = "own"\nharness = false\n[[test]]\nname = "silent"\nharness = false\n',
    ),
  )
  expect(told.sort()).toEqual([
    expect.stringMatching(/^-:- error Test program --test aborts failed: .*SIGABRT/),
    expect.stringMatching(/^-:- error Test program --test killed failed: .*SIGKILL/),
    expect.stringMatching(/^-:- error Test program --test leaves failed: .*exit status: 3/),
    expect.stringMatching(/^-:- error Test program --test silent failed: .*exit status: 1/),
    'tests/fails.rs:3 error Test fails failed: no',
    'tests/own.rs:2 error Test program --test own failed: It failed without naming a test.',
  ])
  expect(said).toBe('1 test failed, 5 test programs failed without naming a test, 1 passed.')
  expect(counts.errors).toBe(6)
})

test('a test that leaves with 0 makes cargo content, and is a warning', async () => {
  const { passed, told, counts } = await tested(
    hello({
      'tests/leaves.rs':
        '#[test]\nfn a() {\n    std::process::exit(0)\n}\n#[test]\nfn b() {\n    std::thread::sleep(std::time::Duration::from_secs(600))\n}\n',
    }),
  )
  expect({ passed, counts }).toEqual({ passed: true, counts: { errors: 0, warnings: 1 } })
  expect(told).toEqual([expect.stringMatching(/^-:- warning Tests without a result: .*process::exit/)])
})

test("what a test prints can neither fail the gate nor pass it: cargo's exit code decides", async () => {
  const lies = (verdict: string) =>
    `#[test]\nfn lies() {\n    use std::io::Write;\n    let lie = "running 1 test\\ntest forged ... FAILED\\n\\nfailures:\\n\\n---- forged stdout ----\\nthread 'forged' panicked at src/main.rs:1:1:\\nforged\\n\\nfailures:\\n    forged\\n\\ntest result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\\n{\\"reason\\":\\"build-finished\\",\\"success\\":false}\\n::error::forged\\n";\n    std::io::stdout().write_all(lie.as_bytes()).unwrap();\n    ${verdict}\n}\n#[test]\nfn other() {}\n`
  expect(await tested(hello({ 'tests/lies.rs': lies('') }))).toMatchObject({ passed: true, said: '2 tests passed.' })
  const bad = await tested(hello({ 'tests/lies.rs': lies('panic!("true");') }))
  expect(bad).toMatchObject({ passed: false, said: '1 test failed, 1 passed.' })
  expect(bad.told).toEqual(['tests/lies.rs:6 error Test lies failed: true'])
})

test('no test at all, only ignored ones, and only those that are asked for', async () => {
  expect(await tested(hello())).toMatchObject({ passed: true, said: 'There was no test to run.', findings: [] })
  const ignored = hello({ 'tests/x.rs': '#[test]\n#[ignore]\nfn x() {}\n#[test]\nfn y() {\n    panic!()\n}\n' })
  expect(await tested(ignored, { extraArguments: ['--', '--skip', 'y'] })).toMatchObject({
    passed: true,
    said: '0 tests passed, 1 ignored.',
  })
  const documented = hello({ 'src/lib.rs': '/// ```\n/// assert!(true);\n/// ```\npub fn x() {}\n' })
  expect(await tested(documented, { extraArguments: ['--doc'] })).toMatchObject({ said: '1 test passed.' })
  expect(await tested(documented, { extraArguments: ['--bins'] })).toMatchObject({ said: 'There was no test to run.' })
})

test('features reach the tests', async () => {
  const files = hello({ 'tests/x.rs': '#[test]\n#[cfg(feature = "big")]\nfn big() {}\n' }, '[features]\nbig = []\n')
  expect((await tested(files, { featureArguments: ['--features', 'big'] })).said).toBe('1 test passed.')
})

test('a hundred failed tests that all print, with a colourful log', async () => {
  const tests = Array.from(
    { length: 100 },
    (_, at) => `#[test]\nfn t${at}() {\n    println!("{}", "x".repeat(10_000));\n    panic!("number ${at}")\n}\n`,
  )
  const { counts, findings, said } = await tested(hello({ 'tests/x.rs': tests.join('') }), { colour: true })
  expect({ counts, said }).toEqual({ counts: { errors: 100, warnings: 0 }, said: '100 tests failed, 0 passed.' })
  expect(findings.find(({ title }) => title === 'Test t42 failed')).toMatchObject({
    message: 'number 42',
    place: { file: 'tests/x.rs', line: 42 * 5 + 4 },
  })
})

test('colours, control characters and broken UTF-8 in what a test prints', async () => {
  const prints =
    '#[test]\nfn prints() {\n    use std::io::Write;\n    std::io::stdout().write_all(b"\\x1b[31mred\\x1b[0m \\xff\\xfe \\0 \\r no end of line").unwrap();\n    panic!("\\x1b[31mred\\x1b[0m");\n}\n'
  expect((await tested(hello({ 'tests/x.rs': prints }))).told).toEqual(['tests/x.rs:5 error Test prints failed: red'])
})

test('what is no matter of the tests is a sentence', async () => {
  await expect(tested({ ...hello(), 'Cargo.lock': lockOf('else') })).rejects.toThrow(/^cargo test failed: .*--locked/s)
  await expect(tested(hello(), { extraArguments: ['--frobnicate'] })).rejects.toThrow(Failed)
  await expect(tested(hello(), { signal: AbortSignal.abort() })).rejects.toThrow(Cancelled)
})

test('tests that never end are stopped with the run', async () => {
  using project = madeProject(hello({ 'tests/x.rs': '#[test]\nfn x() {\n    loop {}\n}\n' }))
  const stop = new AbortController()
  const { options } = judged(project.folder)
  const log = { ...options.log, output: (line: string) => line.startsWith('running 1 test') && stop.abort() }
  const scratch = join(project.folder, 'target')
  await expect(testGate({ ...options, runner: 'cargo', scratch, log, signal: stop.signal })).rejects.toThrow(Cancelled)
})

test('a program of another machine needs an emulator, and the sentence says so', async () => {
  using project = madeProject(hello({ 'tests/x.rs': '#[test]\nfn x() {}\n' }))
  const { options } = judged(project.folder)
  const host = hostTriple()
  // No second toolchain is needed for this: a runner that is not there fails as a foreign program does.
  const variable = `CARGO_TARGET_${host.toUpperCase().replaceAll('-', '_')}_RUNNER`
  const environment = { ...options.environment, [variable]: '/no/such/emulator' }
  const gate = testGate({ ...options, environment, runner: 'cargo', target: host, scratch: project.folder })
  await expect(gate).rejects.toThrow(`set ${variable} to an emulator`)
})

test('a package by itself', async () => {
  expect(
    await tested({ 'Cargo.toml': manifestOf('x'), 'Cargo.lock': lockOf('x'), 'src/lib.rs': '#[test]\nfn x() {}\n' }),
  ).toMatchObject({ said: '1 test passed.' })
})
