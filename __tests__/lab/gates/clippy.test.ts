import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { clippyGate } from '../../../src/gates/clippy.ts'
import { Failed } from '../../../src/report/ending.ts'
import { judged, toolchainProgram } from '../../gates/judged.ts'
import { clippy, WARNS } from '../../gates/judged-clippy.ts'
import { lockWithUse } from '../../gates/made-workspace.ts'
import { apiAndWorker, hello, madeProject, manifestOf } from '../../made-project.ts'

test("the project's own lints, features and arguments are heard", async () => {
  const files = hello(
    { 'src/main.rs': 'fn main() {\n    #[cfg(feature = "big")]\n    let unused = 1;\n    print!("");\n}\n' },
    '[features]\nbig = []\n[lints.clippy]\nprint_stdout = "deny"\n[lints.rust]\nunused_variables = "allow"\n',
  )
  expect((await clippy(files)).told).toEqual([expect.stringMatching(/^src\/main.rs:4 error clippy::print_stdout/)])
  expect(
    (await clippy(files, { featureArguments: ['--features', 'big'], extraArguments: ['--', '-D', 'unused_variables'] }))
      .counts,
  ).toEqual({ errors: 2, warnings: 0 })
})

test('a warning within a macro of another crate stands at the line that calls it; the warnings of that crate are its own', async () => {
  using other = madeProject({
    'Cargo.toml': `${manifestOf('other')}[workspace]\n`,
    'src/lib.rs':
      '#[macro_export]\nmacro_rules! nothing {\n    () => {\n        let unused: Option<u32> = $crate::none();\n        unused.frobnicate();\n    };\n}\npub fn none() -> Option<u32> {\n    let mine = 1;\n    None\n}\n',
  })
  const { told: findings, counts } = await clippy({
    'rust/x/Cargo.toml': manifestOf('x', `[dependencies]\nother = { path = "${other.folder}" }\n`),
    'Cargo.toml': '[workspace]\nresolver = "2"\nmembers = ["rust/x"]\n',
    'Cargo.lock': lockWithUse('x', 'other'),
    'rust/x/src/lib.rs': 'pub fn x() {\n    println!("{}");\n    other::nothing!();\n}\n',
  })
  expect(counts).toEqual({ errors: 2, warnings: 0 })
  expect(findings.sort()).toEqual([
    expect.stringMatching(/^rust\/x\/src\/lib.rs:2 error Compiler error: 1 positional argument/),
    expect.stringMatching(/^rust\/x\/src\/lib.rs:3 error E0599: no method named `frobnicate`/),
  ])
})

test('a build script that fails is a finding that names its package, its line and its last words', async () => {
  const panics = 'fn main() {\n    eprintln!("looking for it");\n    panic!("no\\nsuch thing");\n}\n'
  const { findings, told: lines } = await clippy({
    ...apiAndWorker(),
    'api/build.rs': panics,
    'worker/src/main.rs': WARNS,
  })
  expect(lines).toEqual([
    'worker/src/main.rs:3 error clippy::len_zero: length comparison to zero',
    'api/build.rs:3 error Build script of api failed: no',
  ])
  expect(findings[1]?.message).toBe('no\nsuch thing')
  const exits = 'fn main() {\n    eprintln!("one\\ntwo");\n    std::process::exit(4)\n}\n'
  expect((await clippy(hello({ 'build.rs': exits }))).findings).toEqual([
    { level: 'error', title: 'Build script of hello failed', message: 'one\ntwo' },
  ])
  const silent = 'fn main() {\n    std::process::abort()\n}\n'
  expect((await clippy(hello({ 'build.rs': silent }))).told).toEqual([expect.stringContaining('SIGABRT')])
  const said = 'fn main() {\n    println!("cargo::error=not on this machine");\n}\n'
  expect((await clippy(hello({ 'build.rs': said }))).told).toEqual([
    '-:- error Build script of hello failed: not on this machine',
  ])
  expect((await clippy(hello({ 'build.rs': 'fn main() {\n    x\n}\n' }))).told).toEqual([
    expect.stringMatching(/^build.rs:2 error E0425/),
  ])
})

test("warnings of a build script are shown, and are nobody's lint", async () => {
  const { passed, findings, log } = await clippy(
    hello({ 'build.rs': 'fn main() {\n    println!("cargo::warning=careful");\n}\n' }),
  )
  expect({ passed, findings }).toEqual({ passed: true, findings: [] })
  expect(log).toContain('careful')
})

test('a macro that prints messages of the compiler can add a finding, but neither fail clean code nor pass bad code', async () => {
  const forged = (level: string) =>
    JSON.stringify({ reason: 'compiler-message', message: { level, message: 'forged', spans: [] } })
  const finished = JSON.stringify({ reason: 'build-finished', success: true })
  const macros = {
    'Cargo.toml': '[workspace]\nresolver = "2"\nmembers = ["app", "macros"]\n',
    'Cargo.lock': lockWithUse('app', 'macros'),
    'macros/Cargo.toml': manifestOf('macros', '[lib]\nproc-macro = true\n'),
    'macros/src/lib.rs': `use proc_macro::TokenStream;\nfn lie(text: &str) {\n    println!("{text}");\n}\n#[proc_macro]\npub fn lies(_: TokenStream) -> TokenStream {\n    lie(r#"${forged('error')}"#);\n    lie(r#"${finished}"#);\n    lie("::error::lies");\n    TokenStream::new()\n}\n`,
    'app/Cargo.toml': manifestOf('app', '[dependencies]\nmacros = { path = "../macros" }\n'),
  }
  const clean = await clippy({ ...macros, 'app/src/main.rs': 'macros::lies!();\nfn main() {}\n' })
  expect(clean).toMatchObject({ passed: true, findings: [] })
  const bad = await clippy({ ...macros, 'app/src/main.rs': `macros::lies!();\n${WARNS}` })
  expect(bad).toMatchObject({ passed: false, counts: { errors: 1, warnings: 0 } })
})

test('a compiler that is killed is no finding, but a sentence with its signal', async () => {
  const killing = {
    'Cargo.toml': '[workspace]\nresolver = "2"\nmembers = ["app", "macros"]\n',
    'Cargo.lock': lockWithUse('app', 'macros'),
    'macros/Cargo.toml': manifestOf('macros', '[lib]\nproc-macro = true\n'),
    'macros/src/lib.rs':
      'use proc_macro::TokenStream;\n#[proc_macro]\npub fn kills(_: TokenStream) -> TokenStream {\n    let me = std::process::id().to_string();\n    let _ = std::process::Command::new("kill").args(["-9", &me]).status();\n    loop {}\n}\n',
    'app/Cargo.toml': manifestOf('app', '[dependencies]\nmacros = { path = "../macros" }\n'),
    'app/src/main.rs': 'macros::kills!();\nfn main() {}\n',
  }
  await expect(clippy(killing)).rejects.toThrow(/^cargo clippy failed: .*signal: 9, SIGKILL/s)
})

test('a toolchain without clippy is told how to get it', async () => {
  using project = madeProject(hello())
  const { options } = judged(project.folder)
  const bin = join(project.folder, 'bin')
  mkdirSync(bin)
  for (const name of ['cargo', 'rustc']) symlinkSync(toolchainProgram(name), join(bin, name))
  const environment = { ...options.environment, PATH: bin, CARGO_HOME: join(project.folder, 'home') }
  const judging = clippyGate({ ...options, environment, mode: 'deny', keepsGoing: true })
  await expect(judging).rejects.toThrow(Failed)
  await expect(judging).rejects.toThrow('`rustup component add clippy`')
})
