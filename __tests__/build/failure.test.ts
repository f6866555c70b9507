import { expect, test } from 'vitest'
import { explainFailure } from '../../src/build/failure.ts'

const explained = (stderr: string, hasGitToken = false) =>
  explainFailure({ said: 'cargo build', stderr, targetDirectory: '/target', freeBytes: 4096, hasGitToken })

test('the first error is named, not the last', () => {
  const stderr =
    '\x1b[1m\x1b[91merror[E0425]\x1b[0m: cannot find value `x`\n --> src/main.rs\nerror: aborting due to 1 previous error\nerror: could not compile `hello`'
  expect(explained(stderr)).toBe('cargo build failed: error[E0425]: cannot find value `x`')
  expect(explained('error: one\nerror: two\nerror: could not compile `x`')).toBe(
    'cargo build failed: error: one (and 1 more)',
  )
  expect(explained('nothing that looks like an error\n')).toBe('cargo build failed: nothing that looks like an error')
})

test('the first error is told with its place, and never with that of another', () => {
  const mismatch =
    'error[E0308]: mismatched types\n --> src/main.rs:1:27\n  |\n1 | fn main() { let x: u32 = "a"; }\n  |                  ---     ^^^ expected `u32`\n  |\n ::: src/other.rs:3:4\n'
  const coded = 'error: two\nlines of it\n   --> /home/x y/.cargo/registry/src/dep-1.0.0/src/lib.rs:10:2\n'
  expect(explained(mismatch)).toBe('cargo build failed: error[E0308]: mismatched types (src/main.rs:1:27)')
  expect(explained(`warning: unused\n --> src/a.rs:9:9\n\n${mismatch}\n${coded}`)).toBe(
    'cargo build failed: error[E0308]: mismatched types (src/main.rs:1:27, and 1 more)',
  )
  expect(explained(coded)).toBe(
    'cargo build failed: error: two (/home/x y/.cargo/registry/src/dep-1.0.0/src/lib.rs:10:2)',
  )
  // In colour, as cargo prints it.
  expect(explained('\x1b[1m\x1b[91merror\x1b[0m: one\n \x1b[94m--> \x1b[0msrc/main.rs:1:2\n')).toContain(
    'one (src/main.rs:1:2)',
  )
  for (const placeless of ['error: one\n\nwarning: x\n --> a.rs:1:2', 'error: one\nerror: two\n --> a.rs:1:2']) {
    expect(explained(placeless)).not.toContain('a.rs')
  }
})

test.each([
  ['error: failed to write: No space left on device (os error 28)', 'The disk is full.'],
  [
    'error: linking failed\ncollect2: fatal error: ld terminated with signal 7 [Bus error]',
    '4096 bytes are free in /target',
  ],
  ['error: could not compile `x` (signal: 9, SIGKILL: kill)', 'ran out of memory'],
  ['error: cannot update the lock file /x/Cargo.lock because --locked was passed to prevent this', 'commit Cargo.lock'],
  ['error: linker `cc` not found', 'build-essential'],
  ["error[E0463]: can't find crate for `std`", 'rustup target add'],
])('%s', (stderr, remedy) => {
  expect(explained(stderr)).toContain(remedy)
})

test('a compiler that was killed is told with what it compiled, and without its command line', () => {
  const stderr = `error: could not compile \`hello\` (bin "hello")

Caused by:
  process didn't exit successfully: \`rustc --crate-name hello ${'--extern x '.repeat(1000)}\` (signal: 9, SIGKILL: kill)
`
  expect(explained(stderr)).toMatch(
    /^cargo build failed: compiling `hello` \(bin "hello"\) was ended by SIGKILL\nIt was killed\. Most often /,
  )
  expect(explained('error: linking with `cc` failed: signal: 9 (SIGKILL)\n')).toContain('ran out of memory')
  expect(explained('collect2: fatal error: ld terminated with signal 9 [Killed]\n')).toContain('ran out of memory')
})

test('warnings that were made errors are told with who did that, and a build script with its name', () => {
  const stderr = (note: string) =>
    `error: unused variable: \`x\`\n --> build.rs:2:9\n  |\n  = note: ${note}\n\nerror: could not compile \`dep\` (build script) due to 1 previous error\n`
  expect(explained(stderr('`#[deny(unused_variables)]` implied by `#[deny(warnings)]`'))).toMatch(
    /^cargo build failed: error: unused variable: `x` \(build\.rs:2:9\), in the build script of `dep`\nThat code makes errors of warnings/,
  )
  expect(explained(stderr('`-D unused-variables` implied by `-D warnings`'))).toContain('RUSTFLAGS')
})

test.each(['x', ' ', '1', '`', 'lock file ', "repository '"])(
  'a line of nothing but %j is read at once, and short',
  (what) => {
    expect(explained(`error: x\n --> ${what.repeat(1e6)}:1:2`).length).toBeLessThan(1100)
    expect(explained(`error: ${what.repeat(1e6)}`).length).toBeLessThan(1100)
    expect(explained(what.repeat(1e6)).length).toBeLessThan(1100)
  },
)

test('what the code says is no sign', () => {
  const stderr =
    'error[E0308]: mismatched types\n --> src/main.rs:1:30\n  |\n1 |     let x: u32 = "No space left on device";\n  |                  ^^^ expected `u32`'
  expect(explained(stderr)).toBe('cargo build failed: error[E0308]: mismatched types (src/main.rs:1:30)')
})

test('a private dependency without a token is told what makes secrets empty', () => {
  const stderr =
    'error: failed to get `x`\nfatal: could not read Username for https://github.com: terminal prompts disabled'
  expect(explained(stderr)).toContain('`cargo-git-token` is empty')
  expect(explained(stderr)).toContain('secrets: inherit')
  expect(explained(stderr, true)).toContain('refused `cargo-git-token`')
})

test('a build script that fails is named with its own words, not with the hundred lines around them', () => {
  const stderr = (said: string) => `   Compiling ring v0.17.14
error: failed to run custom build command for \`ring v0.17.14\`
note: To improve backtraces for build dependencies, set the …

Caused by:
  process didn't exit successfully: \`/target/debug/build/ring/build-script-build\` (exit status: 101)
  --- stdout
  cargo:rerun-if-changed=x
  error: this was only printed

  --- stderr
${said}
warning: build failed, waiting for other jobs to finish...
`
  const panicked =
    "  hello\n\n  thread 'main' (31622) panicked at build.rs:1:70:\n  boom\n  stack backtrace:\n     0: rust"
  expect(explained(stderr(panicked))).toBe('cargo build failed: the build script of `ring` 0.17.14 failed: boom')
  const cc = '  error occurred in cc-rs: failed to find tool "aarch64-linux-musl-gcc": No such file or directory'
  expect(explained(stderr(`  many lines\n${cc}\n  more`))).toBe(
    'cargo build failed: the build script of `ring` 0.17.14 failed: error occurred in cc-rs: failed to find tool "aarch64-linux-musl-gcc": No such file or directory\nIt compiles C, and the C compiler that it looks for is not installed: install it, or name another one (CC_<target>).',
  )
  expect(explained(stderr(''))).toBe('cargo build failed: the build script of `ring` 0.17.14 failed')
})

test('what could not be brought is told with what happened', () => {
  const stderr = `    Updating crates.io index
error: failed to get \`cfg-if\` as a dependency of package \`small v0.1.0 (/work)\`

Caused by:
  download of config.json failed

Caused by:
  [7] Could not connect to server (Failed to connect to 127.0.0.1 port 1)
`
  expect(explained(stderr)).toBe(
    'cargo build failed: error: failed to get `cfg-if` as a dependency of package `small v0.1.0 (/work)`: [7] Could not connect to server (Failed to connect to 127.0.0.1 port 1)',
  )
})
