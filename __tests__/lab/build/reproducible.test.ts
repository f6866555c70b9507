import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sha256Of } from '../../../src/build/digest.ts'
import { type Proof, proveBinary } from '../../../src/build/proof.ts'
import { reproducible, rustcWrapper } from '../../../src/build/reproducible.ts'
import { joinRustflags } from '../../../src/build/rustflags.ts'
import type { Finding } from '../../../src/report/finding.ts'
import { manifestOf } from '../../made-project.ts'
import { environment, hostTriple } from '../cache/cook-lab.ts'

/** With a blank and a quote, which flags and scripts must survive. */
let folder = ''
let triple = ''
beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "rust-deploy-it's the same ")))
  triple = await hostTriple()
})
afterAll(() => rmSync(folder, { recursive: true }))

const RELEASE = '[profile.release]\nopt-level = 1\ncodegen-units = 16\nstrip = "symbols"\n'

/** Generated code that can panic names its file, and that lies in the folder of what cargo made. */
const GENERATING = `fn main() {
    let out = std::env::var("OUT_DIR").unwrap();
    std::fs::write(format!("{out}/made.rs"), "pub fn third(all: &[u8]) -> u8 { all[2] }").unwrap();
}
`

/** A workspace with generated code, a procedural macro, and a dependency that compiles C and assembler. */
const APP: Record<string, string> = {
  'Cargo.toml': `[workspace]\nresolver = "2"\nmembers = ["app", "shape"]\n${RELEASE}`,
  'app/Cargo.toml': manifestOf(
    'app',
    '[dependencies]\nshape = { path = "../shape" }\nserde = { version = "1", features = ["derive"] }\nserde_json = "1"\nring = "0.17"\n',
  ),
  'app/build.rs': GENERATING,
  'app/src/main.rs': `include!(concat!(env!("OUT_DIR"), "/made.rs"));
#[derive(serde::Deserialize, Debug)]
struct Named { name: String }
fn main() {
    let text = std::env::args().nth(1).unwrap_or("{\\"name\\":\\"x\\"}".into());
    let named: Named = serde_json::from_str(&text).unwrap();
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    println!("{} {} {:?} {:?}", third(text.as_bytes()), shape::third(&[1, 2, 3]), named, digest);
}
`,
  'shape/Cargo.toml': manifestOf('shape'),
  'shape/build.rs': GENERATING,
  'shape/src/lib.rs': 'include!(concat!(env!("OUT_DIR"), "/made.rs"));\n',
}

function written(name: string, files: Readonly<Record<string, string>>): string {
  const checkout = join(folder, name)
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(checkout, path)), { recursive: true })
    writeFileSync(join(checkout, path), content)
  }
  return checkout
}

type Built = { sha256: string; proof: Proof; findings: Finding[]; compiled: string[]; fresh: string[]; said: string }

/** Builds as the action does: a cargo home, a checkout, and the target folder inside it. */
async function build(checkout: string, cargoHome: string, changed = true): Promise<Built> {
  const targetDirectory = join(checkout, 'target')
  const own = { ...environment, CARGO_HOME: cargoHome }
  const {
    rustflags,
    environment: more,
    remap,
  } = reproducible({
    ...{ cargoHome, checkout, targetDirectory, buildDirectory: targetDirectory, commitTime: 1_700_000_000 },
  })
  const scratch = mkdtempSync(join(folder, 'scratch '))
  const env = {
    ...own,
    ...(changed && {
      ...more,
      ...joinRustflags({ environment: own, triple, configured: { build: [], target: [] }, add: rustflags }),
      ...(await rustcWrapper({ scratch, remap, directory: checkout, environment: own, configuredWrapper: undefined })),
    }),
  }
  const args = ['build', '--release', '--locked', '--target', triple, '--message-format=json']
  const said = execFileSync('cargo', args, { cwd: checkout, env, encoding: 'utf8', maxBuffer: 1 << 28, stdio: 'pipe' })
  const units = said
    .split('\n')
    .filter((line) => line.startsWith('{"reason":"compiler-artifact"'))
    .map((line): { package_id: string; fresh: boolean } => JSON.parse(line))
    .filter(({ package_id }) => !package_id.startsWith('path+'))
  const path = join(targetDirectory, triple, 'release/app')
  const findings: Finding[] = []
  const proof = await proveBinary({
    binary: 'app',
    path,
    target: { name: triple, triple },
    directories: { checkout, CARGO_HOME: cargoHome, HOME: process.env['HOME'], lab: folder },
    log: { info() {}, output() {}, finding: (finding) => findings.push(finding) },
    signal: new AbortController().signal,
  })
  return {
    sha256: await sha256Of(path),
    proof,
    findings,
    compiled: units.filter(({ fresh }) => !fresh).map(({ package_id }) => package_id),
    fresh: units.filter(({ fresh }) => fresh).map(({ package_id }) => package_id),
    said: execFileSync(path, { encoding: 'utf8' }),
  }
}

test('the same commit in two folders and with two cargo homes: the same bytes, no path, and dependencies that can be moved', async () => {
  const [first, second] = [written('one', APP), written('another/deeper one', APP)]
  const [home, otherHome] = [join(folder, 'home'), join(folder, 'other home')]
  execFileSync('cargo', ['generate-lockfile'], { cwd: first, env: { ...environment, CARGO_HOME: home }, stdio: 'pipe' })
  cpSync(join(first, 'Cargo.lock'), join(second, 'Cargo.lock'))

  const one = await build(first, home)
  const another = await build(second, otherHome)
  expect(another.sha256).toBe(one.sha256)
  expect(one.findings).toEqual([])
  expect(another.findings).toEqual([])
  expect(one.said).toContain('Named { name: "x" }')
  expect(one.compiled.length).toBeGreaterThan(10)

  // As a cache would bring it: what was compiled elsewhere, with the times that it had there.
  const moved = join(folder, 'moved')
  renameSync(first, moved)
  const after = await build(moved, home)
  expect(after.compiled).toEqual([])
  expect(after.fresh.toSorted()).toEqual(one.compiled.toSorted())
  expect(after.sha256).toBe(one.sha256)

  const beside = join(folder, 'beside')
  cpSync(moved, beside, { recursive: true, preserveTimestamps: true })
  expect(await build(beside, home)).toMatchObject({ compiled: [], sha256: one.sha256, findings: [] })
})

test('without all this the paths are in the binary, and found there', async () => {
  const checkout = written('as it is', {
    'Cargo.toml': manifestOf('app', RELEASE),
    'Cargo.lock': 'version = 4\n\n[[package]]\nname = "app"\nversion = "0.1.0"\n',
    'build.rs': GENERATING,
    'src/main.rs': `${APP['shape/src/lib.rs']}fn main() { println!("{}", third(std::env::args().next().unwrap().as_bytes())) }\n`,
  })
  const { findings } = await build(
    checkout,
    environment['CARGO_HOME'] ?? join(process.env['HOME'] ?? '', '.cargo'),
    false,
  )
  expect(findings).toHaveLength(1)
  expect(findings[0]?.message).toContain('/made.rs')
})

test('C code of the project that names its files by their whole path is what is left, and is told', async () => {
  const checkout = written('with C', {
    'Cargo.toml': manifestOf('app', `${RELEASE}[build-dependencies]\ncc = "1"\n`),
    'build.rs': `fn main() {
    let here = std::env::var("CARGO_MANIFEST_DIR").unwrap();
    cc::Build::new().file("src/near.c").file(format!("{here}/src/far.c")).compile("asserting");
}
`,
    'src/near.c': '#include <assert.h>\nint near_by(int n) { assert(n < 100); return n; }\n',
    'src/far.c': '#include <assert.h>\nint far_off(int n) { assert(n < 100); return n; }\n',
    'src/main.rs': `extern "C" { fn near_by(n: i32) -> i32; fn far_off(n: i32) -> i32; }
fn main() { let n = std::env::args().count() as i32; println!("{}", unsafe { near_by(n) + far_off(n) }) }
`,
  })
  const home = join(folder, 'home')
  execFileSync('cargo', ['generate-lockfile'], {
    cwd: checkout,
    env: { ...environment, CARGO_HOME: home },
    stdio: 'pipe',
  })
  const { proof, findings } = await build(checkout, home)
  expect(proof).toMatchObject({ leaks: { count: 1, examples: [{ directory: 'checkout', section: '.rodata' }] } })
  expect(findings[0]?.message).toContain('or from C code')
})
