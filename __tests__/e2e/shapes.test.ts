import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { run } from '../lab/ground/command.ts'
import { need } from '../lab/ground/need.ts'
import { debianPackages } from '../lab/ground/packages.ts'
import { debianRust } from '../lab/rustup/mirror/debian-rust.ts'
import { rustupPart } from '../lab/rustup/part.ts'
import { lockOf, type MadeProject, madeProject, manifestOf } from '../made-project.ts'
import { type FreshMachine, freshMachine, opened } from './fresh-machine.ts'
import { MUSL } from './thrown-away-machine.ts'

/** One machine for all: each shape finds what the one before it had installed, as on any machine that builds more than once. */
let machine: FreshMachine
beforeAll(async () => {
  if (rustupPart.whyNot() === undefined) machine = await freshMachine()
})
afterAll(() => machine?.[Symbol.asyncDispose]())
beforeEach((context) => need(context, 'rustup', rustupPart.whyNot()))

/** Those that need nothing but the toolchain. */
const GATES = 'fmt,clippy,test'

/** A project as it is committed: formatted, and with the lock file that cargo itself writes. */
function committed(files: Readonly<Record<string, string>>, workspace = '.'): MadeProject {
  const project = madeProject({ '.gitignore': 'target\n', ...files })
  execFileSync('cargo', ['generate-lockfile', '--quiet'], { cwd: join(project.folder, workspace) })
  project.commit()
  return project
}

const mainThatSays = (expression: string) => `fn main() {\n    println!("{}", ${expression});\n}\n`

const functionThatSays = (name: string, word: string) => `pub fn ${name}() -> &'static str {
    "${word}"
}

#[test]
fn says_it() {
    assert_eq!(${name}(), "${word}");
}
`

test('a virtual workspace with two services and what they share', async () => {
  using project = committed({
    'Cargo.toml': `[workspace]
resolver = "2"
members = ["crates/*"]
[workspace.package]
version = "1.4.0"
edition = "2021"
[workspace.dependencies]
shared = { path = "crates/shared" }
[workspace.lints.clippy]
print_stderr = "deny"
[workspace.metadata.rust-deploy]
package = ["api", "worker"]
`,
    ...Object.fromEntries(
      ['api', 'worker'].flatMap((name) => [
        [
          `crates/${name}/Cargo.toml`,
          `[package]\nname = "${name}"\nversion.workspace = true\nedition.workspace = true\n[lints]\nworkspace = true\n[dependencies]\nshared.workspace = true\n`,
        ],
        [`crates/${name}/src/main.rs`, mainThatSays('shared::word()')],
      ]),
    ),
    'crates/shared/Cargo.toml': manifestOf('shared'),
    'crates/shared/src/lib.rs': functionThatSays('word', 'shared by both'),
  })
  const checked = await machine.runs(project.folder, 'check', '--gates', GATES)
  expect(checked.code, checked.stderr).toBe(0)
  expect(checked.report().gates.map(({ gate, said }) => `${gate}: ${said}`)).toEqual([
    'fmt: Every file is formatted.',
    'clippy: clippy has nothing to say.',
    'test: 1 test passed.',
  ])
  expect(checked.report().binaries).toEqual([])

  const report = await machine.builds(project.folder, GATES)
  expect(report.binaries.map((each) => [each.package, each.version, each.target])).toEqual([
    ['api', '1.4.0', MUSL],
    ['worker', '1.4.0', MUSL],
  ])
  for (const name of ['api', 'worker']) {
    using made = opened(report, name)
    expect([made.says(), made.parts, made.files]).toEqual(['shared by both\n', { shared: 'required' }, []])
  }
})

test('a package with a build script and a member that is a macro', async () => {
  using project = committed({
    'Cargo.toml': `${manifestOf('teller', 'build = "build/main.rs"\n[build-dependencies]\nwriter = { path = "writer" }\n[dependencies]\nshout = { path = "shout" }\n')}[workspace]\nmembers = ["shout", "writer"]\n`,
    'build/main.rs': `use std::{env, fs, path::Path};

fn main() {
    let text = fs::read_to_string("words.txt").expect("words.txt");
    let place = Path::new(&env::var("OUT_DIR").expect("OUT_DIR")).join("words.rs");
    fs::write(place, writer::constant("WORDS", &text)).expect("words.rs");
    let target = env::var("TARGET").expect("TARGET");
    println!("cargo::rerun-if-changed=words.txt");
    println!("cargo::rustc-env=BUILT_FOR={target}");
    println!("cargo::rustc-check-cfg=cfg(scripted)");
    println!("cargo::rustc-cfg=scripted");
}
`,
    'words.txt': 'from a file',
    'src/main.rs': `include!(concat!(env!("OUT_DIR"), "/words.rs"));

fn main() {
    println!("{} {} {}", shout::shout!(quietly), WORDS, env!("BUILT_FOR"));
    println!("{}", cfg!(scripted));
}
`,
    'shout/Cargo.toml': manifestOf('shout', '[lib]\nproc-macro = true\n'),
    'shout/src/lib.rs': `use proc_macro::{Literal, TokenStream, TokenTree};

#[proc_macro]
pub fn shout(words: TokenStream) -> TokenStream {
    let loud = Literal::string(&words.to_string().to_uppercase());
    TokenTree::from(loud).into()
}
`,
    'writer/Cargo.toml': manifestOf('writer'),
    'writer/src/lib.rs':
      'pub fn constant(name: &str, value: &str) -> String {\n    format!("const {name}: &str = {value:?};")\n}\n',
  })
  using made = opened(await machine.builds(project.folder, GATES), 'teller')
  expect(made.says()).toBe(`QUIETLY from a file ${MUSL}\ntrue\n`)
  expect(made.parts).toEqual({ shout: 'excluded', writer: 'excluded' })
})

test('a dependency by path that lies outside of the workspace', async () => {
  using project = committed(
    {
      'service/Cargo.toml': `${manifestOf('service', '[dependencies]\noutside = { path = "../libraries/outside" }\n')}[workspace]\n`,
      'service/src/main.rs': mainThatSays('outside::word()'),
      'libraries/outside/Cargo.toml': manifestOf('outside'),
      'libraries/outside/src/lib.rs': functionThatSays('word', 'from outside'),
    },
    'service',
  )
  const report = await machine.builds(project.folder, GATES, '--working-directory', 'service')
  using made = opened(report, 'service')
  expect([made.says(), made.parts]).toEqual(['from outside\n', { outside: 'required' }])
  expect(report.binaries[0]?.proof).toMatchObject({ static: true, leaks: 0 })
})

test('a profile of its own that inherits the release', async () => {
  using project = committed({
    'Cargo.toml': manifestOf(
      'small',
      `[package.metadata.rust-deploy]
profile = "deploy"
[profile.release]
debug-assertions = true
[profile.deploy]
inherits = "release"
lto = true
codegen-units = 1
panic = "abort"
strip = true
`,
    ),
    'src/main.rs': mainThatSays('cfg!(debug_assertions)'),
  })
  const report = await machine.builds(project.folder, GATES)
  expect(report.binaries[0]?.path).toBe(join(project.folder, `target/${MUSL}/deploy/small`))
  expect(report.binaries[0]?.proof).toMatchObject({ static: true, stripped: true, leaks: 0 })
  // Nothing is left to advise.
  expect(report.findings).toEqual([])
  using made = opened(report, 'small')
  expect(made.says()).toBe('true\n')
})

test('a [patch] that puts a folder in the place of a crate from the registry', async () => {
  using project = committed({
    'Cargo.toml': `${manifestOf('numbers', '[dependencies]\nitoa = "1"\n')}[workspace]\n[patch.crates-io]\nitoa = { path = "patched/itoa" }\n`,
    'src/main.rs': mainThatSays('itoa::patched()'),
    'patched/itoa/Cargo.toml': '[package]\nname = "itoa"\nversion = "1.0.999"\nedition = "2021"\n',
    'patched/itoa/src/lib.rs': functionThatSays('patched', 'not from the registry'),
  })
  using made = opened(await machine.builds(project.folder, GATES), 'numbers')
  expect([made.says(), made.parts]).toEqual(['not from the registry\n', { itoa: 'required' }])
})

test('several binaries, each with the files that belong to them', async () => {
  using project = committed({
    'Cargo.toml': manifestOf(
      'tools',
      `[[bin]]
name = "server"
path = "src/main.rs"
[package.metadata.rust-deploy]
bin = "all"
files = ["config/*.toml", "static/**", "run.sh", "!**/*.map"]
`,
    ),
    'src/main.rs': mainThatSays('env!("CARGO_BIN_NAME")'),
    'src/bin/admin.rs': mainThatSays('env!("CARGO_BIN_NAME")'),
    'src/bin/seed/main.rs': mainThatSays('env!("CARGO_BIN_NAME")'),
    'config/server.toml': 'port = 1\n',
    'config/notes.txt': 'not wanted\n',
    'static/js/app.js': 'let x = 1\n',
    'static/js/app.js.map': 'not wanted\n',
    'static/page with blanks.html': 'ü\n',
    'run.sh': '#!/bin/sh\nexec "$(dirname "$0")/server"\n',
  })
  chmodSync(join(project.folder, 'run.sh'), 0o755)
  const report = await machine.builds(project.folder, GATES)
  expect(report.binaries.map(({ name }) => name)).toEqual(['admin', 'seed', 'server'])
  for (const name of ['admin', 'seed', 'server']) {
    using made = opened(report, name)
    expect(made.says()).toBe(`${name}\n`)
    expect(made.files).toEqual(['config/server.toml', 'run.sh', 'static/js/app.js', 'static/page with blanks.html'])
  }
})

test('features without the default ones', async () => {
  using project = committed({
    'Cargo.toml': `${manifestOf(
      'choosy',
      `[features]
default = ["loud"]
loud = ["dep:horn"]
quiet = []
[dependencies]
horn = { path = "horn", optional = true }
`,
    )}[workspace]\nmembers = ["horn"]\n`,
    'src/main.rs': `fn main() {
    #[cfg(feature = "loud")]
    print!("{} ", horn::sound());
    println!("quiet: {}", cfg!(feature = "quiet"));
}
`,
    'horn/Cargo.toml': manifestOf('horn'),
    'horn/src/lib.rs': functionThatSays('sound', 'honk'),
  })
  const opens = async (features: string) =>
    opened(await machine.builds(project.folder, GATES, '--features', features), 'choosy')
  {
    using quiet = await opens('-default,quiet')
    expect([quiet.says(), quiet.parts]).toEqual(['quiet: true\n', {}])
  }
  using all = await opens('all')
  expect([all.says(), all.parts]).toEqual(['honk quiet: true\n', { horn: 'required' }])
})

test('a working directory that is a member, in a repository that is more than Rust', async () => {
  using project = committed(
    {
      'README.md': '# Everything\n',
      'backend/Cargo.toml': '[workspace]\nresolver = "2"\nmembers = ["api", "other"]\n',
      'backend/.cargo/config.toml': '[build]\ntarget-dir = "out of the way"\n[env]\nGREETING = "hello"\n',
      'backend/api/Cargo.toml': manifestOf('api', '[package.metadata.rust-deploy]\nfiles = "settings.toml"\n'),
      'backend/api/settings.toml': 'a = 1\n',
      'backend/api/src/main.rs': mainThatSays('env!("GREETING")'),
      'backend/other/Cargo.toml': manifestOf('other'),
      'backend/other/src/main.rs': 'fn main() {}\n',
      '.gitignore': 'out of the way\n',
    },
    'backend',
  )
  const report = await machine.builds(project.folder, GATES, '--working-directory', 'backend/api')
  expect(report.binaries.map(({ path }) => path)).toEqual([
    join(project.folder, `backend/out of the way/${MUSL}/release/api`),
  ])
  expect(report.commit?.dirty).toEqual([])
  using made = opened(report, 'api')
  expect([made.says(), made.files]).toEqual(['hello\n', ['settings.toml']])
})

test('a rust-toolchain.toml: its toolchain is installed, with what it names and what the run needs', async () => {
  const { release } = await debianRust()
  // This machine's own cargo would look for that toolchain too, so the lock file is not left to it.
  using project = madeProject({
    'Cargo.toml': manifestOf('pinned'),
    'Cargo.lock': lockOf('pinned'),
    'src/main.rs': mainThatSays('env!("RUSTUP_TOOLCHAIN")'),
    'rust-toolchain.toml': `[toolchain]\nchannel = "${release}"\nprofile = "minimal"\ncomponents = ["rustfmt"]\n`,
  })
  const report = await machine.builds(project.folder, GATES)
  expect(report.toolchain?.rustc).toBe(release)
  using made = opened(report, 'pinned')
  expect(made.says()).toMatch(new RegExp(`^${release}(-|\n)`))
  const list = (...argv: [string, ...string[]]) => run(argv, { env: machine.env, cwd: project.folder })
  expect(await list('rustup', 'component', 'list', '--installed')).toMatch(/^clippy-/m)
  expect(await list('rustup', 'target', 'list', '--installed')).toContain(MUSL)
})

test('two targets at once, from a copy of the sources without git, below a folder that no shell would like', async () => {
  await debianPackages('qemu-user-static')
  using project = committed({
    'Cargo.toml': manifestOf(
      'far',
      '[package.metadata.rust-deploy]\ntarget = ["x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl"]\n',
    ),
    'src/main.rs': mainThatSays('std::env::consts::ARCH'),
  })
  rmSync(join(project.folder, '.git'), { recursive: true })
  const folder = join(project.folder, 'a \'b\' "c" $(d) ü')
  mkdirSync(folder)
  for (const name of ['Cargo.toml', 'Cargo.lock', 'src']) execFileSync('mv', [join(project.folder, name), folder])
  const report = await machine.builds(folder, GATES)
  expect(report.commit).toBeUndefined()
  expect(report.binaries.map(({ target }) => target)).toEqual([MUSL, 'aarch64-unknown-linux-musl'])
  const [here, there] = report.binaries.map(({ path }) => path)
  expect(await run([here ?? ''])).toBe('x86_64\n')
  expect(await run(['qemu-aarch64-static', there ?? ''])).toBe('aarch64\n')
})
