import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Compiled, readCompiled } from '../../../src/build/compiled.ts'
import { ingredientsOf } from '../../../src/build/ingredients.ts'
import { readProfile } from '../../../src/build/profile.ts'
import { sbomOf } from '../../../src/build/sbom.ts'
import { isRecord, parseRecord } from '../../../src/json/narrow.ts'
import { readGraph } from '../../../src/project/graph.ts'
import { objectionsTo } from '../../build/cyclonedx.ts'
import { type MadeProject, madeProject, manifestOf } from '../../made-project.ts'

const PROFILE = '[profile.dist]\ninherits = "release"\nopt-level = 1\ndebug-assertions = true\n'
const LIBRARY = 'pub fn value() -> u32 { 7 }\n'

/** Two members that ask the same library for different things, a macro, a build script, and a crate from git. */
function workspace(elsewhere: MadeProject): MadeProject {
  return madeProject({
    'Cargo.toml': `[workspace]\nresolver = "2"\nmembers = ["api", "worker", "shared", "macros"]\n${PROFILE}`,
    'api/Cargo.toml': manifestOf(
      'api',
      `build = "build.rs"
[dependencies]
shared = { path = "../shared" }
macros = { path = "../macros" }
elsewhere = { git = "file://${elsewhere.folder}" }
itoa = "1"
[build-dependencies]
version_check = "0.9"
[dev-dependencies]
fastrand = "2"
`,
    ),
    'api/build.rs': 'fn main() { version_check::is_min_version("1.0.0"); }\n',
    'api/src/main.rs': `fn main() {
  println!("{} {} {}", macros::seven!(), elsewhere::value(), itoa::Buffer::new().format(shared::value()));
}
`,
    'worker/Cargo.toml': manifestOf('worker', '[dependencies]\nshared = { path = "../shared", features = ["fast"] }\n'),
    'worker/src/main.rs': 'fn main() { println!("{}", shared::value()) }\n',
    'shared/Cargo.toml': manifestOf(
      'shared',
      'license = "MIT/Apache-2.0"\n[features]\nfast = ["dep:ryu"]\n[dependencies]\nryu = { version = "1", optional = true }\n',
    ),
    'shared/src/lib.rs': LIBRARY,
    'macros/Cargo.toml': manifestOf('macros', '[lib]\nproc-macro = true\n[dependencies]\nquote = "1"\n'),
    'macros/src/lib.rs': `extern crate proc_macro;
#[proc_macro]
pub fn seven(_: proc_macro::TokenStream) -> proc_macro::TokenStream { quote::quote!(7).into() }
`,
    '.gitignore': 'target\n',
  })
}

const HOST = /^host: (.+)$/m.exec(execFileSync('rustc', ['--version', '--verbose'], { encoding: 'utf8' }))?.[1] ?? ''

const cargo = (folder: string, ...args: string[]) =>
  execFileSync('cargo', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })

type Built = { compiled: Compiled[]; profile: unknown }

function build(folder: string, ...packages: string[]): Built {
  const chosen = packages.flatMap((name) => ['--package', name])
  const args = ['build', '--locked', '--profile', 'dist', '--target', HOST, '--message-format', 'json', ...chosen]
  const lines = cargo(folder, ...args).split('\n')
  const compiled = lines.flatMap((line) => readCompiled(line, HOST) ?? [])
  const last = lines.map(parseRecord).findLast((message) => typeof message?.['executable'] === 'string')
  return { compiled, profile: last?.['profile'] }
}

async function sbom(folder: string, name: string, { compiled }: Built): Promise<string> {
  const graph = await readGraph({
    directory: folder,
    workspaceRoot: folder,
    triple: HOST,
    features: [],
    environment: process.env,
    signal: new AbortController().signal,
  })
  const root = graph.find((each) => each.name === name)?.id ?? ''
  return sbomOf({
    root,
    ingredients: ingredientsOf(root, graph, compiled),
    binary: { name, version: '0.1.0', target: HOST, sha256: 'ab'.repeat(32) },
    repository: { url: 'https://github.com/octo/hello', commit: 'c0ffee' },
    time: 1_700_000_000,
    toolVersion: '0.1.0',
  })
}

type Component = Record<string, unknown> & { name: string; scope: string; purl: string }

const componentsOf = (bom: string): Component[] => JSON.parse(bom).components
const scopesOf = (bom: string) => Object.fromEntries(componentsOf(bom).map(({ name, scope }) => [name, scope]))

test('a real workspace: what is in the binary, what only built it, and nothing that only another member wants', async () => {
  using elsewhere = madeProject({ 'Cargo.toml': manifestOf('elsewhere'), 'src/lib.rs': LIBRARY })
  const revision = elsewhere.commit()
  using project = workspace(elsewhere)
  cargo(project.folder, 'generate-lockfile')
  cargo(project.folder, 'fetch', '--locked', '--target', HOST)
  const alone = build(project.folder, 'api')
  const bom = await sbom(project.folder, 'api', alone)
  expect(objectionsTo(JSON.parse(bom))).toEqual([])
  const built = { macros: 'excluded', quote: 'excluded', 'proc-macro2': 'excluded', 'unicode-ident': 'excluded' }
  const linked = { shared: 'required', elsewhere: 'required', itoa: 'required' }
  expect(scopesOf(bom)).toEqual({ ...built, ...linked, version_check: 'excluded' })

  const component = (name: string) => componentsOf(bom).find((each) => each.name === name)
  const lock = readFileSync(join(project.folder, 'Cargo.lock'), 'utf8')
  const checksum = /name = "itoa"\nversion = "(.+)"\nsource = .+\nchecksum = "(.+)"/.exec(lock)
  expect(component('itoa')).toMatchObject({
    purl: `pkg:cargo/itoa@${checksum?.[1]}`,
    licenses: [{ expression: 'MIT OR Apache-2.0' }],
    hashes: [{ alg: 'SHA-256', content: checksum?.[2] }],
  })
  expect(component('elsewhere')?.purl).toBe(
    `pkg:cargo/elsewhere@0.1.0?vcs_url=git%2Bfile://${elsewhere.folder}%40${revision}`,
  )
  expect(component('shared')).toMatchObject({ licenses: [{ expression: 'MIT OR Apache-2.0' }], properties: [] })
  expect(component('quote')?.['properties']).toEqual([
    { name: 'rust-deploy:features', value: expect.stringContaining('proc-macro') },
  ])

  // Compiled in one go, cargo gives both members the same library, with what either of them wants.
  const both = build(project.folder, 'api', 'worker')
  expect(scopesOf(await sbom(project.folder, 'api', both))).toEqual({ ...scopesOf(bom), ryu: 'required' })
  expect(scopesOf(await sbom(project.folder, 'worker', both))).toEqual({ shared: 'required', ryu: 'required' })

  // cargo tells two of the values that it resolved for the profile.
  const resolved = readProfile({ name: 'dist', manifest: PROFILE, configs: [], environment: {} })
  expect(isRecord(alone.profile) && alone.profile).toMatchObject({
    opt_level: resolved.optLevel,
    debug_assertions: resolved.debugAssertions,
  })

  using copy = workspace(elsewhere)
  execFileSync('cp', [join(project.folder, 'Cargo.lock'), copy.folder])
  expect(await sbom(copy.folder, 'api', build(copy.folder, 'api'))).toBe(bom)
})
