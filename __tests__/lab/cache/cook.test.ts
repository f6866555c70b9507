import { execFileSync } from 'node:child_process'
import { appendFileSync, existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import type { CookBuild, CookPlan } from '../../../src/cache/cook.ts'
import { Cancelled } from '../../../src/report/ending.ts'
import { madeProject } from '../../made-project.ts'
import { cargo, cooking, hostTriple, realCalls, recipeOf } from './cook-lab.ts'

let triple = ''
beforeAll(async () => {
  triple = await hostTriple()
})

test('a single crate with every kind of target, lints that forbid much, and a build script', async () => {
  using project = madeProject({
    'Cargo.toml': `${manifest('single', 'build = "make.rs"')}
[lib]
path = "code/lib.rs"
crate-type = ["rlib", "cdylib"]
[[bin]]
name = "extra"
path = "code/extra.rs"
required-features = ["extra"]
[[bench]]
name = "speed"
harness = false
[features]
extra = []
[dependencies]
itoa = "=1.0.15"
paste = "=1.0.15"
[build-dependencies]
cfg-if = "=1.0.1"
[dev-dependencies]
scopeguard = "=1.2.0"
[lints.rust]
missing_docs = "deny"
unused_crate_dependencies = "deny"
`,
    'make.rs': '//! A script.\nuse cfg_if as _;\nfn main() { println!("cargo:rustc-env=MADE=really") }\n',
    'code/lib.rs':
      '//! A library.\nuse paste as _;\n/// Two.\npub fn two() -> String { itoa::Buffer::new().format(2).into() }\n#[cfg(test)] use scopeguard as _;\n',
    'code/extra.rs': '//! More.\nuse {itoa as _, paste as _, single as _};\nfn main() {}\n',
    'src/main.rs':
      '//! It.\nuse {itoa as _, paste as _};\n#[cfg(test)] use scopeguard as _;\nfn main() { println!("{} {}", single::two(), env!("MADE")) }\n',
    'tests/all.rs':
      '//! Tests.\nuse {itoa as _, paste as _, scopeguard as _};\n#[test] fn two() { assert_eq!(single::two(), "2") }\n',
    'benches/speed.rs': '//! Speed.\nuse {itoa as _, paste as _, single as _, scopeguard as _};\nfn main() {}\n',
    'examples/show.rs': '//! Shown.\nuse {itoa as _, paste as _, single as _, scopeguard as _};\nfn main() {}\n',
  })
  const plan = planOf([buildOf('single', { binaries: ['single'] })])
  const { cooked, counts } = await cookedAndReal(project.folder, plan)
  expect(cooked.complete).toBe(true)
  expect(counts).toMatchObject({ compiledThirdParty: [], freshLocal: [] })
  expect(counts.thirdParty).toBeGreaterThan(8)
  expect(counts.local).toBeGreaterThan(10)
  // The real one, with what the real build script said, although it is older than the stand-in.
  expect(run(join(project.folder, 'target', triple, 'release/single'))).toBe('2 really\n')
})

test('a workspace: macros, no_std, links, tests only, an excluded folder, a profile of its own, features that unify', async () => {
  using project = madeProject({
    'Cargo.toml': `[workspace]
resolver = "2"
members = ["app", "crates/*"]
exclude = ["apart"]
[workspace.package]
version = "0.1.0"
edition = "2021"
[workspace.dependencies]
either = { version = "=1.15.0", default-features = false }
cfg-if = "=1.0.1"
[profile.tight]
inherits = "release"
opt-level = "s"
[profile.test]
opt-level = 1
`,
    'app/Cargo.toml': `${inherited('app')}[dependencies]
either.workspace = true
macros = { path = "../crates/macros" }
bare = { path = "../crates/bare" }
apart = { path = "../apart" }
`,
    'app/src/main.rs': 'fn main() { println!("{} {} {}", macros::three!(), bare::four(), apart::five()) }\n',
    'crates/macros/Cargo.toml': `${inherited('macros')}[lib]\nproc-macro = true\n[dependencies]\nunicode-ident = "=1.0.18"\n`,
    'crates/macros/src/lib.rs':
      'use proc_macro::TokenStream;\n#[proc_macro] pub fn three(_: TokenStream) -> TokenStream { "3".parse().unwrap() }\n',
    'crates/bare/Cargo.toml': `${inherited('bare', 'links = "bare"\n')}[dependencies]\ncfg-if.workspace = true\n[build-dependencies]\neither = { workspace = true, features = ["std"] }\n`,
    'crates/bare/build.rs': 'fn main() { println!("cargo:rustc-env=FOUR=4") }\n',
    'crates/bare/src/lib.rs': '#![no_std]\npub fn four() -> &\'static str { env!("FOUR") }\n',
    // It turns on what the binary alone must not get.
    'crates/tool/Cargo.toml': `${inherited('tool')}[dependencies]\neither = { workspace = true, features = ["use_std"] }\n`,
    'crates/tool/src/main.rs': 'fn main() {}\n',
    'crates/proved/Cargo.toml': `${inherited('proved')}[dev-dependencies]\nlazy_static = "=1.5.0"\n[[test]]\nname = "only"\npath = "only.rs"\n`,
    'crates/proved/only.rs':
      'lazy_static::lazy_static! { static ref ONE: u8 = 1; }\n#[test] fn one() { assert_eq!(*ONE, 1) }\n',
    'apart/Cargo.toml': `${manifest('apart')}[dependencies]\nitoa = "=1.0.15"\n`,
    'apart/src/lib.rs': 'pub fn five() -> u8 { 5 }\n',
  })
  const plan = planOf([buildOf('app', { binaries: ['app'], profile: 'tight' })])
  const { cooked, counts } = await cookedAndReal(project.folder, plan)
  expect(cooked.complete).toBe(true)
  expect(counts).toMatchObject({ compiledThirdParty: [], freshLocal: [] })
  expect(run(join(project.folder, 'target', triple, 'tight/app'))).toBe('3 4 5\n')

  // A new version of everything changes nothing of what comes from elsewhere.
  edit(project.folder, 'Cargo.toml', 'version = "0.1.0"', 'version = "0.2.0"')
  edit(project.folder, 'apart/Cargo.toml', 'version = "0.1.0"', 'version = "0.2.0"')
  await cargo(project.folder, ['update', '--workspace', '--offline'])
  const next = planOf([
    { ...buildOf('app', { binaries: ['app'], profile: 'tight' }), packages: [{ name: 'app', version: '0.2.0' }] },
  ])
  expect(await realCalls(project.folder, next, cooked.tied)).toMatchObject({ compiledThirdParty: [], freshLocal: [] })
  expect(await recipeOf(project.folder)).toBe(cooked.recipe)
})

test('a service whose dependencies lie outside its workspace, and configuration above it', async () => {
  using project = madeProject({
    'service/Cargo.toml': `${manifest('service')}[dependencies]\nshared = { path = "../other/shared" }\nitoa = "=1.0.15"\n`,
    'service/src/main.rs': 'fn main() { println!("{}", shared::six()) }\n',
    'other/Cargo.toml':
      '[workspace]\nmembers = ["shared", "unused"]\n[workspace.package]\nversion = "0.3.0"\nedition = "2021"\n',
    'other/shared/Cargo.toml': `${inherited('shared')}[dependencies]\ncfg-if = "=1.0.1"\ndeeper = { path = "deeper" }\n`,
    'other/shared/src/lib.rs': 'pub fn six() -> u8 { if cfg!(above) && cfg!(beside) { deeper::SIX } else { 0 } }\n',
    'other/shared/deeper/Cargo.toml': `${inherited('deeper')}[dev-dependencies]\neither = "=1.15.0"\n`,
    'other/shared/deeper/src/lib.rs': 'pub const SIX: u8 = 6;\n',
    'other/unused/Cargo.toml': inherited('unused'),
    'other/unused/src/lib.rs': '',
    '.cargo/config.toml': `[build]\ntarget-dir = "finished"\nbuild-dir = "unfinished"\n[target.'cfg(all())']\nrustflags = ["--cfg", "above"]\n`,
    'service/.cargo/config.toml': `[target.'cfg(unix)']\nrustflags = ["--cfg", "beside"]\n`,
  })
  const directory = join(project.folder, 'service')
  const plan = planOf([buildOf('service', { binaries: ['service'] })])
  const { cooked, counts } = await cookedAndReal(directory, plan)
  expect(cooked.complete).toBe(true)
  expect(counts).toMatchObject({ compiledThirdParty: [], freshLocal: [] })
  expect(run(join(project.folder, 'finished', triple, 'release/service'))).toBe('6\n')
})

test('a patch by path: what is built on it is compiled in every run, and everything else is ready', async () => {
  using project = madeProject({
    'Cargo.toml': `${manifest('patched')}[dependencies]
form_urlencoded = "=1.2.1"
itoa = "=1.0.15"
[patch.crates-io]
percent-encoding = { path = "vendor/percent-encoding" }
`,
    'src/main.rs': 'fn main() { println!("{}", form_urlencoded::byte_serialize(b"a").collect::<String>()) }\n',
    'vendor/percent-encoding/Cargo.toml': `[package]\nname = "percent-encoding"\nversion = "2.3.1"\nedition = "2018"\n[features]\nalloc = []\nstd = ["alloc"]\n[dependencies]\ncfg-if = "=1.0.1"\n`,
    'vendor/percent-encoding/src/lib.rs': PERCENT_ENCODING,
  })
  const plan = planOf([buildOf('patched', { binaries: ['patched'] })])
  const { cooked, counts } = await cookedAndReal(project.folder, plan)
  expect([...cooked.tied]).toEqual(['form_urlencoded 1.2.1'])
  // That it could not be compiled was known, and nobody is troubled with it.
  expect(cooked.complete).toBe(true)
  expect(cooked.said.join('\n')).not.toMatch(/error|unresolved/)
  expect(counts).toMatchObject({ compiledThirdParty: [], freshLocal: [] })
  expect(counts.thirdParty).toBeGreaterThan(0)
})

test('a git dependency, a vendored one, and the oldest resolver', async () => {
  using library = madeProject({
    'Cargo.toml': `${manifest('fetched')}[dependencies]\ncfg-if = "=1.0.1"\n`,
    'src/lib.rs': 'pub fn seven() -> u8 { 7 }\n',
  })
  using project = madeProject({
    'Cargo.toml': '[workspace]\nmembers = ["app", "more"]\nresolver = "1"\n',
    'app/Cargo.toml': `${manifest('app')}[dependencies]\nfetched = { git = "file://${library.folder}" }\neither = { version = "=1.15.0", default-features = false }\n`,
    'app/src/main.rs': 'fn main() { println!("{}", fetched::seven()) }\n',
    'more/Cargo.toml': `${manifest('more')}[dev-dependencies]\neither = "=1.15.0"\n`,
    'more/src/lib.rs': '',
  })
  await cargo(project.folder, ['generate-lockfile'])
  const configured = await cargo(project.folder, ['vendor', '--quiet', 'vendor'])
  appendFileSync(join(project.folder, 'vendored.toml'), configured)
  const plan = planOf([buildOf('app', { binaries: ['app'] })])
  const plain = await cookedAndReal(project.folder, plan)
  expect(plain.counts).toMatchObject({ compiledThirdParty: [], freshLocal: [] })
  expect(run(join(project.folder, 'target', triple, 'release/app'))).toBe('7\n')

  execFileSync('mkdir', ['-p', join(project.folder, '.cargo')])
  writeFileSync(join(project.folder, '.cargo/config.toml'), configured)
  execFileSync('rm', ['-r', join(project.folder, 'target')])
  const vendored = await cookedAndReal(project.folder, plan)
  expect(vendored.counts).toMatchObject({ compiledThirdParty: [], freshLocal: [] })
  expect(vendored.counts.thirdParty).toBe(plain.counts.thirdParty)
})

test('no stand-in is left where a finished program would be, and none ever takes the place of a real one', async () => {
  using project = madeProject({
    'Cargo.toml': `${manifest('shipped')}[lib]\ncrate-type = ["rlib", "cdylib"]\n[dependencies]\nitoa = "=1.0.15"\n`,
    'src/lib.rs': 'pub fn eight() -> u8 { 8 }\n',
    'src/main.rs': 'fn main() { println!("{}", shipped::eight()) }\n',
    'examples/show.rs': 'fn main() {}\n',
  })
  const plan = planOf([buildOf('shipped', { binaries: ['shipped'] })])
  const target = join(project.folder, 'target')
  for (const cargoVersion of ['1.95.0', '1.90.0']) {
    const { complete } = await cooking({ directory: project.folder, plan, cargoVersion })
    expect(complete).toBe(true)
    expect(finishedIn(target)).toEqual([])
  }

  // In a folder where the project has been built before, its program comes back with the next build.
  expect(await realCalls(project.folder, plan, new Set())).toMatchObject({ compiledThirdParty: [], freshLocal: [] })
  const shipped = join(target, triple, 'release/shipped')
  const before = readFileSync(shipped)
  for (const cargoVersion of ['1.95.0', '1.90.0']) {
    await cooking({ directory: project.folder, plan, cargoVersion })
    expect(existsSync(shipped)).toBe(cargoVersion === '1.95.0')
    const again = await realCalls(project.folder, plan, new Set())
    expect(again.compiledThirdParty).toEqual([])
    expect(readFileSync(shipped).equals(before)).toBe(true)
  }
})

test('a dependency that cannot be compiled costs nothing but its own', async () => {
  using broken = madeProject({
    'Cargo.toml': manifest('broken'),
    'src/lib.rs': 'compile_error!("not on this machine");\n',
  })
  using project = madeProject({
    'Cargo.toml': `${manifest('hurt')}[dependencies]\nbroken = { git = "file://${broken.folder}" }\nitoa = "=1.0.15"\n`,
    'src/main.rs': 'fn main() {}\n',
  })
  const { complete, said, units } = await cooking({ directory: project.folder, plan: planOf([]) })
  expect(complete).toBe(false)
  expect(said).toContain('Left to the run itself: broken')
  expect(units.map(({ name }) => name)).toContain('itoa')
})

test('a macro that prints what looks like cargo has nothing removed outside of the target folder', async () => {
  using project = madeProject({ kept: '', 'target/release/named': '', 'target/folder/kept': '' })
  const printed = ['../kept', 'release/named', 'folder'].map((file) => join(project.folder, 'target', file))
  const message = {
    reason: 'compiler-artifact',
    package_id: 'path+file:///x#0.1.0',
    target: {},
    filenames: printed,
    fresh: false,
  }
  using macros = madeProject({
    'Cargo.toml': '[workspace]\nmembers = ["said", "speaker"]\nresolver = "2"\n',
    'speaker/Cargo.toml': `${manifest('speaker')}[lib]\nproc-macro = true\n`,
    'speaker/src/lib.rs': `#[proc_macro] pub fn speak(_: proc_macro::TokenStream) -> proc_macro::TokenStream {
println!("{}", ${JSON.stringify(JSON.stringify(message))}); println!("{{\\"reason\\":"); "".parse().unwrap() }\n`,
    'said/Cargo.toml': `${manifest('said')}[dependencies]\nspeaker = { path = "../speaker" }\n`,
    'said/src/lib.rs': 'speaker::speak!();\n',
  })
  writeFileSync(
    join(project.folder, 'Cargo.toml'),
    `${manifest('app')}[dependencies]\nsaid = { git = "file://${macros.folder}" }\n`,
  )
  execFileSync('mkdir', [join(project.folder, 'src')])
  writeFileSync(join(project.folder, 'src/main.rs'), 'fn main() {}\n')
  const { complete, units } = await cooking({ directory: project.folder, plan: planOf([]), cargoVersion: '1.90.0' })
  expect(complete).toBe(true)
  expect(units.map(({ packageId }) => packageId)).toContain('path+file:///x#0.1.0')
  expect(existsSync(join(project.folder, 'kept'))).toBe(true)
  expect(existsSync(join(project.folder, 'target/folder/kept'))).toBe(true)
  expect(existsSync(join(project.folder, 'target/release/named'))).toBe(false)
})

test('a cook that is stopped leaves no skeleton, and what comes after it begins where it was', async () => {
  using project = madeProject({
    'Cargo.toml': `${manifest('stopped')}[dependencies]\nitoa = "=1.0.15"\npaste = "=1.0.15"\n`,
    'src/main.rs': 'fn main() {}\n',
  })
  const stop = new AbortController()
  const plan = planOf([])
  const cooked = cooking({ directory: project.folder, plan, signal: stop.signal, onOutput: () => stop.abort() })
  await expect(cooked).rejects.toThrow(Cancelled)
  const { counts } = await cookedAndReal(project.folder, plan)
  expect(counts).toMatchObject({ compiledThirdParty: [], freshLocal: [] })
})

test('what is compiled for a target of the tests serves clippy as well', async () => {
  using project = madeProject({
    'Cargo.toml': `${manifest('targeted')}[dependencies]\nitoa = "=1.0.15"\n[dev-dependencies]\ncfg-if = "=1.0.1"\n`,
    'src/main.rs': 'fn main() { println!("{}", itoa::Buffer::new().format(1)) }\n',
  })
  const plan = planOf([])
  // Also the machine's own is another place for cargo, once it is named.
  const { counts } = await cookedAndReal(project.folder, { ...plan, gates: { ...plan.gates, testTarget: triple } })
  expect(counts).toMatchObject({ compiledThirdParty: [], freshLocal: [] })
  expect(counts.thirdParty).toBe(4)
})

async function cookedAndReal(directory: string, plan: CookPlan) {
  const cooked = await cooking({ directory, plan })
  return { cooked, counts: await realCalls(directory, plan, cooked.tied) }
}

function planOf(builds: readonly CookBuild[]): CookPlan {
  const own = { testTarget: undefined, featureArguments: [], clippyArguments: [], testArguments: [[]] }
  return { gates: { clippy: true, test: true, ...own }, builds }
}

function buildOf(name: string, more: Partial<CookBuild>): CookBuild {
  return {
    packages: [{ name, version: '0.1.0' }],
    binaries: [],
    featureArguments: [],
    profile: 'release',
    target: { name: triple, triple },
    through: {},
    ...more,
  }
}

function manifest(name: string, more = ''): string {
  return `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2021"\n${more}\n`
}

function inherited(name: string, more = ''): string {
  return `[package]\nname = "${name}"\nversion.workspace = true\nedition.workspace = true\n${more}`
}

function edit(folder: string, file: string, from: string, to: string): void {
  const path = join(folder, file)
  writeFileSync(path, readFileSync(path, 'utf8').replace(from, to))
}

function run(program: string): string {
  return execFileSync(program, { encoding: 'utf8' })
}

/** Everything that lies where cargo puts what is finished. What it keeps for itself has a hash in its name. */
function finishedIn(target: string): string[] {
  const found = globSync(['*/*', '*/examples/*', '*/*/*', '*/*/examples/*'], { cwd: target, withFileTypes: true })
  return found
    .filter(
      (each) => each.isFile() && !/(^|\/)(deps|build|\.fingerprint)(\/|$)/.test(each.parentPath.slice(target.length)),
    )
    .map(({ name }) => name)
    .filter(
      (name) => !['.cargo-lock', 'CACHEDIR.TAG', '.rustc_info.json'].includes(name) && !/-[0-9a-f]{16}/.test(name),
    )
}

/** As much of the real one as its dependents need. */
const PERCENT_ENCODING = `use std::borrow::Cow;
#[derive(Clone)] pub struct PercentEncode<'a>(&'a [u8]);
impl<'a> Iterator for PercentEncode<'a> { type Item = &'a str; fn next(&mut self) -> Option<&'a str> { None } }
pub struct PercentDecode<'a>(&'a [u8]);
impl<'a> From<PercentDecode<'a>> for Cow<'a, [u8]> { fn from(it: PercentDecode<'a>) -> Self { Cow::Borrowed(it.0) } }
pub fn percent_encode_byte(_: u8) -> &'static str { "%" }
pub fn percent_decode(input: &[u8]) -> PercentDecode<'_> { PercentDecode(input) }
`
