import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { lockOf, madeProject, manifestOf } from '../../made-project.ts'
import { attempt, run } from '../ground/command.ts'
import { need } from '../ground/need.ts'
import { debianPackages } from '../ground/packages.ts'
import { freshRustupHome } from './home.ts'
import { rustupPart } from './part.ts'
import { startRustupServer } from './server.ts'

beforeEach((context) => need(context, 'rustup', rustupPart.whyNot()))

const X86 = 'x86_64-unknown-linux-musl'
const ARM = 'aarch64-unknown-linux-musl'

const stack = new AsyncDisposableStack()
afterAll(() => stack.disposeAsync())

/** One toolchain for all tests of this file, installed by the first that needs it. */
let installed: Promise<Record<string, string>> | undefined
function toolchain(): Promise<Record<string, string>> {
  installed ??= (async () => {
    const server = stack.use(await startRustupServer())
    const home = stack.use(await freshRustupHome())
    const env = {
      ...home.env,
      ...server.env,
      CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER: 'rust-lld',
      CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_RUNNER: 'qemu-aarch64-static',
    }
    const install = ['rustup', 'toolchain', 'install', 'stable', '--no-self-update', '--profile', 'minimal'] as const
    await run([...install, '--component', 'rustfmt,clippy', '--target', `${X86},${ARM}`], { env })
    return env
  })()
  return installed
}

const MAIN = `use std::collections::HashMap;

fn total() -> u64 {
    let threads: Vec<_> = (0..8)
        .map(|n| std::thread::spawn(move || (0..1000).map(|m| m * n).sum::<u64>()))
        .collect();
    threads.into_iter().map(|t| t.join().unwrap()).sum()
}

fn caught() -> String {
    let result = std::panic::catch_unwind(|| {
        let ages = HashMap::from([("a", 1)]);
        ages["b"]
    });
    if result.is_err() { "caught" } else { "missed" }.to_string()
}

fn main() {
    println!("{} {}", total(), caught());
}

#[test]
fn works() {
    assert_eq!((total(), caught()), (13_986_000, "caught".to_string()));
}
`

function program(more: Record<string, string> = {}) {
  return madeProject({
    'Cargo.toml': manifestOf('prog'),
    'Cargo.lock': lockOf('prog'),
    'src/main.rs': MAIN,
    ...more,
  })
}

/** Runs a program in a root folder with nothing else in it: no loader, no library, no /proc. */
async function inEmptyRoot(folder: string, binary: string) {
  const root = join(folder, 'root')
  mkdirSync(root)
  cpSync(binary, join(root, 'prog'))
  return attempt(['/usr/sbin/chroot', root, '/prog'], { env: {} })
}

test('a program for x86_64 musl runs where there is nothing but itself', async () => {
  const env = await toolchain()
  using project = program()
  await run(['cargo', 'build', '--release', '--locked', '--target', X86], { env, cwd: project.folder })

  const binary = join(project.folder, 'target', X86, 'release/prog')
  const said = await inEmptyRoot(project.folder, binary)
  expect(said).toMatchObject({ code: 0, stdout: '13986000 caught\n' })
  expect(said.stderr).toContain('panicked at src/main.rs:')

  // A trace needs /proc.
  const traced = await attempt([binary], { env: { RUST_BACKTRACE: '1' } })
  expect(traced.stderr).toContain('prog::main')
})

test('without the target, the program needs a loader: the empty root shows the difference', async () => {
  const env = await toolchain()
  using project = program()
  await run(['cargo', 'build', '--locked'], { env, cwd: project.folder })

  const binary = join(project.folder, 'target/debug/prog')
  expect(await run([binary], { env })).toBe('13986000 caught\n')
  const said = await inEmptyRoot(project.folder, binary)
  expect(said.code).toBe(127)
  expect(said.stderr).toContain('No such file')
})

test('a program for aarch64 musl is linked by the toolchain itself, and runs', async () => {
  const env = await toolchain()
  await debianPackages('qemu-user-static')
  using project = program()
  await run(['cargo', 'build', '--release', '--locked', '--target', ARM], { env, cwd: project.folder })

  const binary = join(project.folder, 'target', ARM, 'release/prog')
  const said = await attempt(['qemu-aarch64-static', binary], { env: { ...env, RUST_BACKTRACE: '1' } })
  expect(said).toMatchObject({ code: 0, stdout: '13986000 caught\n' })
  expect(said.stderr).toContain('prog::main')
})

test('cargo test runs for both musl targets', async () => {
  const env = await toolchain()
  await debianPackages('qemu-user-static')
  using project = program()
  const said = await run(['cargo', 'test', '--locked', '--target', X86, '--target', ARM], { env, cwd: project.folder })
  expect(said.match(/^test works \.\.\. ok$/gm)).toHaveLength(2)
})

test('std can be part of an optimization across crates, and of a program that aborts', async () => {
  const env = await toolchain()
  await debianPackages('qemu-user-static')
  using project = program({
    'Cargo.toml': `${manifestOf('prog')}\n[profile.release]\nlto = true\npanic = "abort"\n`,
    'src/main.rs': 'fn main() {\n    println!("about to");\n    panic!("end")\n}\n',
  })
  await run(['cargo', 'build', '--release', '--locked', '--target', X86, '--target', ARM], { env, cwd: project.folder })

  const binary = (target: string) => join(project.folder, 'target', target, 'release/prog')
  for (const argv of [[binary(X86)], ['qemu-aarch64-static', binary(ARM)]] as [string, ...string[]][]) {
    const ended = attempt(argv, { env, cwd: project.folder })
    await expect(ended).rejects.toThrow(/was ended by SIGABRT\n[\s\S]*panicked at src\/main.rs:3/)
  }
})

test('rustfmt and clippy tell good from bad', async () => {
  const env = await toolchain()
  using good = program()
  await run(['cargo', 'fmt', '--check'], { env, cwd: good.folder })
  await run(['cargo', 'clippy', '--locked', '--', '-Dwarnings'], { env, cwd: good.folder })
  await run(['cargo', 'clippy', '--locked', '--target', ARM, '--', '-Dwarnings'], { env, cwd: good.folder })

  using bad = program({ 'src/main.rs': 'fn main() { let x = 5; let y = x == x;  println!("{y}") }\n' })
  const fmt = await attempt(['cargo', 'fmt', '--check'], { env, cwd: bad.folder })
  expect(fmt.code).toBe(1)
  expect(fmt.stdout).toContain('+    let x = 5;')
  const clippy = await attempt(['cargo', 'clippy', '--locked'], { env, cwd: bad.folder })
  expect(clippy.code).toBe(101)
  expect(clippy.stderr).toContain('clippy::eq_op')
})
