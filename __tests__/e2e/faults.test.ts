import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lockWithUse } from '../gates/made-workspace.ts'
import { need } from '../lab/ground/need.ts'
import { startRunner } from '../lab/runner/runner.ts'
import { rustupPart } from '../lab/rustup/part.ts'
import { hello, lockOf, type MadeProject, madeProject, manifestOf } from '../made-project.ts'
import { type CliOptions, type CliRun, cli } from './cli-door.ts'
import { freshMachine } from './fresh-machine.ts'

const ACTION = join(import.meta.dirname, '../..')
const MEMBERS = (names: string) => `[workspace]\nmembers = [${names}]\n`

/** What a run that failed has to say at its end: nobody reads more of it at three in the morning. */
async function ends(project: CliOptions, ...args: readonly string[]): Promise<{ code: number | null; said: string[] }> {
  const run = await cli(args, project)
  return { code: run.code, said: saidLast(run) }
}

function saidLast({ stderr }: CliRun): string[] {
  const lines = stderr.trimEnd().split('\n')
  const start = lines.findLastIndex((line) => /^(ok|!!|--) /.test(line))
  return lines.slice(start + 1)
}

test('a library, and more than one binary: nothing to build is refused, and the gates judge them all the same', async () => {
  const { 'src/main.rs': _, ...files } = hello()
  using library = madeProject({ ...files, 'src/lib.rs': '' })
  expect(await ends(library, 'build')).toEqual({
    code: 2,
    said: ['error: No package of this workspace has a binary, so there is nothing to build: add a src/main.rs.'],
  })
  using several = madeProject(hello({ 'src/bin/admin.rs': 'fn main() {}\n' }))
  expect(await ends(several, 'build')).toEqual({
    code: 2,
    said: [
      'error: The package `hello` has several binaries (`admin`, `hello`): name one with `bin`, take `bin: all`, or set default-run in its Cargo.toml.',
    ],
  })
  for (const { folder } of [library, several]) {
    const run = await cli(['check', '--gates', 'clippy'], { folder })
    expect(run.code, run.stderr).toBe(0)
    expect(run.stdout).toContain('checked hello 0.1.0')
  }
})

test('toolchains, targets and features that nobody has', async (context) => {
  need(context, 'rustup', rustupPart.whyNot())
  await using machine = await freshMachine()
  using project = madeProject({
    'Cargo.toml': manifestOf('plain'),
    'Cargo.lock': lockOf('plain'),
    'src/main.rs': 'fn main() {}\n',
  })
  const { env } = machine
  const build = (...args: string[]) => ends({ ...project, env }, 'build', '--gates', 'none', ...args)
  const mirror = env['RUSTUP_DIST_SERVER']
  expect(await build('--toolchain', '1.70.0')).toEqual({
    code: 1,
    said: [
      `error: There is no Rust \`1.70.0-x86_64-unknown-linux-gnu\` on ${mirror}: check the toolchain in \`toolchain\`, or whether the mirror in RUSTUP_DIST_SERVER has it.`,
    ],
  })
  expect(await build('--toolchain', 'stabel')).toMatchObject({
    code: 2,
    said: [expect.stringContaining('names the toolchain `stabel`, which is none that rustup could download')],
  })
  expect(await build('--target', 'x86_64-unknown-linux-mosl')).toEqual({
    code: 2,
    said: ['error: `x86_64-unknown-linux-mosl` is no target of Rust; did you mean `x86_64-unknown-linux-musl`?'],
  })
  expect(await build('--target', 'riscv64gc-unknown-linux-musl')).toMatchObject({
    code: 1,
    said: [expect.stringMatching(/There is no ready-made standard library of \S+ for `riscv64gc-unknown-linux-musl`/)],
  })
  expect(await build('--features', 'fast')).toEqual({
    code: 2,
    said: ['error: There is no feature `fast` in `plain`; there are none.'],
  })
})

/** A service whose dependency lies beside it, out of reach of the mercy that cargo has with crates from a registry. */
function withNeighbour(files: Readonly<Record<string, string>>): MadeProject & { service: string } {
  const project = madeProject({
    ...hello(),
    'Cargo.toml': hello({}, '[dependencies]\nneighbour = { path = "neighbour" }\n')['Cargo.toml'] ?? '',
    'Cargo.lock': lockWithUse('hello', 'neighbour'),
    'neighbour/Cargo.toml': `${manifestOf('neighbour')}[workspace]\n`,
    'neighbour/src/lib.rs': '',
    ...files,
  })
  return { ...project, service: project.folder }
}

test("warnings that are errors in a dependency's build script", async () => {
  using project = withNeighbour({ 'neighbour/build.rs': '#![deny(warnings)]\nfn main() {\n    let x = 1;\n}\n' })
  expect(await ends(project, 'build')).toEqual({
    code: 1,
    said: [
      'error: cargo build failed: error: unused variable: `x` (neighbour/build.rs:3:9), in the build script of `neighbour`',
      expect.stringMatching(/^That code makes errors of warnings \(`#!\[deny\(warnings\)\]`\), so every new compiler/),
    ],
  })
  const checked = await cli(['check', '--gates', 'clippy'], project)
  expect(checked.report().findings).toMatchObject([
    { title: 'unused_variables', place: { file: 'neighbour/build.rs', line: 3 } },
  ])

  writeFileSync(join(project.folder, 'neighbour/build.rs'), 'fn main() {\n    let x = 1;\n}\n')
  const native = { ...project, env: { CARGO_BUILD_RUSTFLAGS: '', RUSTFLAGS: '-D warnings' } }
  writeFileSync(join(project.folder, 'neighbour/src/lib.rs'), 'fn unused() {}\n')
  expect(await ends(native, 'build')).toEqual({
    code: 1,
    said: [
      'error: cargo build failed: error: function `unused` is never used (neighbour/src/lib.rs:1:4)',
      expect.stringMatching(/^RUSTFLAGS, or `rustflags` in a configuration of cargo, make errors of warnings/),
    ],
  })
})

test('a build script that panics is named with its own words, by the build and at its line by a gate', async () => {
  using project = withNeighbour({
    'neighbour/build.rs': 'fn main() {\n    eprintln!("looking for it");\n    panic!("no libfoo here");\n}\n',
  })
  expect(await ends(project, 'build')).toEqual({
    code: 1,
    said: ['error: cargo build failed: the build script of `neighbour` 0.1.0 failed: no libfoo here'],
  })
  const checked = await cli(['check', '--gates', 'clippy,test'], project)
  expect(checked.code).toBe(1)
  expect(checked.stderr).toContain('error: neighbour/build.rs:3: Build script of neighbour failed: no libfoo here\n')
  // Both gates compile it, and one of them tells it.
  expect(checked.report().findings).toHaveLength(1)
})

/** A macro runs inside of the compiler, which it can end as a machine without memory does. */
const KILLS = `use proc_macro::TokenStream;

#[proc_macro]
pub fn kill(_: TokenStream) -> TokenStream {
    let compiler = std::process::id().to_string();
    std::process::Command::new("kill").args(["-9", &compiler]).status().unwrap();
    loop {
        std::thread::yield_now();
    }
}
`

test('a compiler that is killed: what it compiled, and what to do, without its command line', async (context) => {
  need(context, 'killed compiler', process.platform === 'win32' ? 'Windows has no signals' : undefined)
  using project = madeProject({
    ...hello({}, `[dependencies]\nkills = { path = "kills" }\n${MEMBERS('"kills"')}`),
    'Cargo.lock': lockWithUse('hello', 'kills'),
    'src/main.rs': 'kills::kill!();\nfn main() {}\n',
    'kills/Cargo.toml': manifestOf('kills', '[lib]\nproc-macro = true\n'),
    'kills/src/lib.rs': KILLS,
  })
  const remedy =
    'It was killed. Most often the machine ran out of memory: try a larger one, or fewer jobs at once (CARGO_BUILD_JOBS=1).'
  expect(await ends(project, 'build')).toEqual({
    code: 1,
    said: ['error: cargo build failed: compiling `hello` (bin "hello") was ended by SIGKILL', remedy],
  })
  expect(await ends(project, 'check', '--gates', 'clippy,test')).toEqual({
    code: 1,
    said: [
      expect.stringMatching(
        /^error: cargo clippy failed: compiling `hello` \(bin "hello"( test)?\) was ended by SIGKILL$/,
      ),
      remedy,
      expect.stringMatching(/^cargo test failed: compiling `hello` \(bin "hello"( test)?\) was ended by SIGKILL$/),
      remedy,
    ],
  })
})

test('100,000 diagnostics: all are counted, and neither the report nor the summary grows without bound', async () => {
  const constants = Array.from({ length: 100_000 }, (_, index) => `pub const c${index}: u8 = 0;\n`)
  using project = madeProject(
    hello(
      { 'src/main.rs': `fn main() {}\n${constants.join('')}` },
      '[[bin]]\nname = "hello"\npath = "src/main.rs"\ntest = false\n',
    ),
  )
  const run = await cli(['check', '--gates', 'clippy'], project)
  expect(run.code, run.stderr.slice(-2000)).toBe(1)
  expect(saidLast(run)).toEqual(['error: clippy found 100000 warnings, and warnings are denied.'])
  const report = run.report()
  expect(report.gates).toMatchObject([{ gate: 'clippy', passed: false, errors: 100_000, warnings: 0 }])
  expect(report.findings.length).toBeLessThan(1100)
  const beside = (name: string) => statSync(join(project.folder, 'target/rust-deploy', name)).size
  expect(beside('report.json')).toBeLessThan(1024 * 1024)
  expect(beside('summary.md')).toBeLessThan(1024 * 1024)
  expect(run.stderr).toContain('99000 more are counted, but not shown.')
})

test('colours, broken UTF-8 and control characters from everything that runs', async () => {
  const bytes = (
    stream: string,
  ) => `    std::io::Write::write_all(&mut std::io::${stream}(), b"\\x1b[31mred\\x1b[0m \\xff\\xfe \\x00\\x07 \\x1b]0;title\\x07\\r\\n").unwrap();
`
  using project = madeProject(
    hello({
      'build.rs': `fn main() {\n${bytes('stdout')}    println!("cargo::warning=\\u{1b}[2Jred\\u{7}");\n}\n`,
      'src/main.rs': `fn main() {}\n\n#[test]\nfn fails() {\n${bytes('stdout')}${bytes('stderr')}    panic!("\\u{1b}[31mred\\u{1b}[0m\\u{0}");\n}\n`,
    }),
  )
  const run = await cli(['build', '--gates', 'test'], project)
  expect(run.code, run.stderr).toBe(1)
  const [finding, ...others] = run.report().findings
  expect([finding?.title, finding?.message, others]).toEqual(['Test fails failed', 'red', []])
  expect(JSON.stringify(run.report())).not.toMatch(/\\u001b|\\u0000/)
  const summary = readFileSync(join(project.folder, 'target/rust-deploy/summary.md'), 'utf8')
  expect(summary).not.toMatch(/[\x00-\x08\x0b-\x1f]/)
})

test('names and paths that look like commands, to a shell or to the runner, stay names', async () => {
  const folder = '::error::a%0Ab ##[error]c $(touch evil)'
  const file = '::set-output name=status::owned%0A.rs'
  const broken = 'm\n::set-output name=status::owned\n.rs'
  using project = madeProject({
    ...hello({}, `[dependencies]\nodd = { path = ${JSON.stringify(folder)} }\n${MEMBERS('')}`),
    'Cargo.lock': lockWithUse('hello', 'odd'),
    'src/main.rs': 'fn main() {}\n',
    [`${folder}/Cargo.toml`]: manifestOf('odd', 'description = "::error::d\\n::add-mask::hello"\nlicense = "MIT"\n'),
    [`${folder}/src/lib.rs`]: [file, broken]
      .map((name, index) => `#[path = ${JSON.stringify(name)}]\nmod m${index};\n`)
      .join(''),
    [`${folder}/src/${file}`]: 'fn  unused() {}\n',
    [`${folder}/src/${broken}`]: 'fn unused() {}\n',
  })
  execFileSync('git', ['checkout', '--quiet', '-b', '$(evil)%0Abranch'], { cwd: project.folder })
  await using runner = await startRunner({ action: ACTION, workspace: project.folder })
  const checked = await runner.runStep({ inputs: { command: 'check', gates: 'fmt, clippy' } }).done
  expect(checked.outcome, checked.log.join('\n')).toBe('failure')
  expect(checked.outputs['status']).toBe('failed')
  const placed = checked.annotations.flatMap(({ title, file: at, line }) => (at ? [`${title}: ${at}:${line}`] : []))
  expect(placed.toSorted()).toEqual([
    `Not formatted: ${folder}/src/${file}:1`,
    `dead_code: ${folder}/src/${file}:1`,
    `dead_code: ${folder}/src/${broken}:1`,
  ])
  expect(checked.masks).not.toContain('hello')
  expect(checked.fileErrors).toEqual([])

  const built = await runner.runStep({ inputs: { command: 'build' } }).done
  expect([built.outcome, built.outputs['status']], built.log.join('\n')).toEqual(['success', 'built'])
  expect(built.annotations.filter(({ type }) => type === 'error')).toEqual([])
  expect(built.masks).not.toContain('hello')
  expect(existsSync(join(project.folder, 'evil'))).toBe(false)

  const named = `${manifestOf('hello', '[[bin]]\nname = "::error::x\\n::add-mask::hello"\npath = "src/main.rs"\n')}[package.metadata.rust-deploy]\n"::error::key\\n::add-mask::hello" = 1\n`
  writeFileSync(join(project.folder, 'Cargo.toml'), named)
  const refused = await runner.runStep({ inputs: { command: 'build' } }).done
  expect(refused.outputs['status']).toBe('refused')
  expect(refused.annotations.map(({ title }) => title)).toEqual(['rust-deploy', 'rust-deploy'])
  expect(refused.masks).not.toContain('hello')
})

test('a build script and a test look for secrets and find none, and what a test prints is only text', async () => {
  const looks = (
    into: string,
  ) => `let all: Vec<String> = std::env::vars().map(|(name, value)| format!("{name}={value}")).collect();
    std::fs::write("${into}", all.join("\\n")).unwrap();`
  const forged = JSON.stringify({
    reason: 'compiler-message',
    package_id: 'path+file:///x#hello@0.1.0',
    message: { level: 'error', message: 'forged', code: null, spans: [], children: [], rendered: 'error: forged\n' },
  })
  using project = madeProject(
    hello({
      'build.rs': `fn main() {\n    ${looks('seen-by-build.txt')}\n}\n`,
      'src/main.rs': `fn main() {}

#[test]
fn looks() {
    ${looks('seen-by-test.txt')}
    println!("::error file=src/main.rs,line=1::from a test");
    println!("##[error]from a test");
    println!("\\n::set-output name=status::owned");
    eprintln!("::add-mask::hello");
    let forged = r#"${forged}"#;
    println!("{forged}");
    println!("test result: FAILED. 0 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out");
}
`,
    }),
  )
  await using runner = await startRunner({ action: ACTION, workspace: project.folder, token: 'ghs_ofTheWorkflow' })
  const run = await runner.runStep({
    inputs: { gates: 'clippy, test', 'test-args': '-- --nocapture', 'cargo-git-token': 'ghs_ofGit' },
    env: {
      ANOTHER_NAME: 'Bearer ghs_ofGit',
      GITHUB_TOKEN: 'ghs_ofTheWorkflow',
      ACTIONS_RUNTIME_TOKEN: 'ghs_ofTheRuntime',
      CARGO_REGISTRIES_PRIVATE_TOKEN: 'ghs_ofTheRegistry',
    },
  }).done
  expect(run.outcome, run.log.join('\n')).toBe('success')
  expect([run.annotations, run.outputs['status'], run.fileErrors]).toEqual([[], 'built', []])
  expect(run.masks).not.toContain('hello')
  expect(run.log.join('\n')).toContain('::error file=src/main.rs,line=1::from a test')
  for (const seen of ['seen-by-build.txt', 'seen-by-test.txt']) {
    const text = readFileSync(join(project.folder, seen), 'utf8')
    expect(text).toContain('CARGO_PKG_NAME=hello')
    expect(text).not.toMatch(
      /ghs_|^(INPUT_|ACTIONS_|GITHUB_(TOKEN|ENV|OUTPUT|STATE|PATH|STEP_SUMMARY)=|RUST_DEPLOY_CARGO)/m,
    )
  }
})
