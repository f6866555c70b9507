import fc from 'fast-check'
import { expect, test } from 'vitest'
import { explainRustup, isConflict, isPassing } from '../../src/toolchain/rustup-failure.ts'

const HOST = 'x86_64-unknown-linux-gnu'

function explain(stderr: string, environment: Record<string, string> = {}, wantedBy?: string): string {
  return explainRustup({ said: 'rustup toolchain install', stderr, environment, ...(wantedBy && { wantedBy }) })
}

/** What rustup 1.29 says where the server has it so: seen, shortened where `…` stands. */
const SEEN = {
  version: `info: syncing channel updates for 1.70.0-${HOST}\nerror: could not download nonexistent rust version \`1.70.0-${HOST}\`: could not download file from 'http://127.0.0.1/…' to '/…': http request returned an unsuccessful status code: 404\n`,
  release: "error: no release found for 'nightly-2020-01-01'\n",
  refused: `error: could not download file from 'http://127.0.0.1:9/dist/channel-rust-stable.toml.sha256' to '/home/x/tmp/y_file'\n\nCaused by:\n    0: error downloading file\n    1: error sending request for url (http://127.0.0.1:9/dist/channel-rust-stable.toml.sha256)\n    2: client error (Connect)\n    3: tcp connect error\n    4: Connection refused (os error 111)\n`,
  broken: `error: component download failed for rustc-${HOST}: could not download file from 'http://127.0.0.1/dist/rustc.tar.gz' to '/home/x.partial': error decoding response body: request or response body error: error reading a body from connection: end of file before message length reached\n`,
  status500: `error: component download failed for rustc-${HOST}: could not download file from 'http://127.0.0.1/dist/rustc.tar.gz' to '/home/x.partial': http request returned an unsuccessful status code: 500\n`,
  status403: `error: component download failed for rustc-${HOST}: could not download file from 'http://127.0.0.1/dist/rustc.tar.gz' to '/home/x.partial': http request returned an unsuccessful status code: 403\n`,
  full: 'error: failed to extract package: No space left on device (os error 28)\n',
  conflict: `error: failed to install component: 'cargo-${HOST}', detected conflict: 'bin/cargo'\n`,
  panic:
    '\nthread \'main\' (23534) panicked at /checkout/src/dist/mod.rs:1085:36:\nMalformed manifest date: ""\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n',
}

test('only what may be better a moment later is tried again', () => {
  const passing = Object.entries(SEEN).filter(([, stderr]) => isPassing(stderr))
  expect(passing.map(([name]) => name)).toEqual(['refused', 'broken', 'status500'])
  expect(isPassing(SEEN.status403.replace('403', '429'))).toBe(true)
  expect(isPassing('')).toBe(false)
  expect(isConflict(SEEN.conflict)).toBe(true)
})

test('a version that does not exist is told with who named it, and a mirror is suspected only where there is one', () => {
  expect(explain(SEEN.version, {}, 'rust-toolchain.toml')).toBe(
    `There is no Rust \`1.70.0-${HOST}\` on https://static.rust-lang.org: check the toolchain in rust-toolchain.toml.`,
  )
  expect(explain(SEEN.release, { RUSTUP_DIST_SERVER: 'https://user:secret@mirror.example' }, '`toolchain`')).toBe(
    'There is no Rust `nightly-2020-01-01` on https://mirror.example: check the toolchain in `toolchain`, or whether the mirror in RUSTUP_DIST_SERVER has it.',
  )
})

test('an unreachable server is told with the deepest reason, and without its password', () => {
  expect(explain(SEEN.refused)).toBe(
    'rustup toolchain install could not reach https://static.rust-lang.org (Connection refused (os error 111)). Check the network and its proxy, or name a mirror with RUSTUP_DIST_SERVER.',
  )
  expect(explain(SEEN.broken, { RUSTUP_DIST_SERVER: 'http://a:b@mirror' })).toBe(
    'rustup toolchain install could not reach http://mirror (end of file before message length reached). Check the network and its proxy, or whether the mirror in RUSTUP_DIST_SERVER is up.',
  )
  expect(explain(SEEN.status500)).toContain('(status code: 500)')
})

test.for([
  [
    `error: component 'rust-std' for target 'riscv64gc-unknown-linux-musl' is unavailable for download for channel 'stable'\nOne or many components…`,
    'The toolchain has no ready-made standard library for `riscv64gc-unknown-linux-musl`: either the name is wrong (`rustc --print target-list` shows all), or it is of tier 3 and none is made.',
  ],
  [
    `error: toolchain 'stable-${HOST}' does not contain component 'rust-std' for target 'x86_64-unknown-linux-mus'\nnote: not all platforms…`,
    'The toolchain has no ready-made standard library for `x86_64-unknown-linux-mus`: either the name is wrong (`rustc --print target-list` shows all), or it is of tier 3 and none is made.',
  ],
  [
    `error: toolchain 'stable-${HOST}' does not support target 'x'\nnote: you can see…`,
    '`x` is no target of this toolchain: `rustc --print target-list` shows all.',
  ],
  [
    `error: component 'rustfmt' for target '${HOST}' is unavailable for download for channel 'nightly-2026-05-01'\nnote: sometimes not all components are available in any given nightly`,
    'The toolchain `nightly-2026-05-01` has no component `rustfmt`: not every nightly has all, so pin the date of one that does, or leave it out.',
  ],
  [
    `error: some components are unavailable for download for channel 'stable': 'foo' for target '${HOST}', 'rust-src' for target '${HOST}'\nOne or many…`,
    'The toolchain `stable` has no component `foo`, `rust-src`: check its name, or leave it out.',
  ],
  [
    `error: toolchain 'stable-${HOST}' does not contain component 'rustfmtt' for target '${HOST}'; did you mean 'rustfmt'?`,
    `The toolchain \`stable-${HOST}\` has no component \`rustfmtt\`: did you mean \`rustfmt\`?`,
  ],
  [
    `error: toolchain '1.96-${HOST}' does not contain component 'x' for target '${HOST}'\nhelp: did you mean 'y'?`,
    `The toolchain \`1.96-${HOST}\` has no component \`x\`: did you mean \`y\`?`,
  ],
  [
    `error: invalid value 'my-own' for '[TOOLCHAIN]...': invalid toolchain name: 'my-own'\n\nFor more information, try '--help'.`,
    '`my-own` is no toolchain: write a channel or a version, such as `stable` or `1.96.0`, or link your own with `rustup toolchain link`.',
  ],
  [
    SEEN.full,
    'The disk is full, so rustup toolchain install could not finish. Free some space, or name a folder on a larger disk with RUSTUP_HOME.',
  ],
  [
    'error: could not create toolchains directory: Permission denied (os error 13)',
    'rustup toolchain install may not write where rustup keeps its toolchains: check the rights of that folder, or name another one with RUSTUP_HOME.',
  ],
  [
    "error: checksum failed for 'http://mirror/dist/x.tar.gz', expected: 'a', calculated: 'b'",
    'http://mirror/dist/x.tar.gz arrived damaged: its hash is not the one that is expected. Run it again; if it stays so, the mirror is out of step with itself.',
  ],
  [
    SEEN.conflict,
    `bin/cargo is there already, left behind by an installation of cargo-${HOST} that was cut off: remove the toolchain with \`rustup toolchain uninstall\`, and run it again.`,
  ],
  [SEEN.panic, 'rustup toolchain install failed: Malformed manifest date: "" (asked of https://static.rust-lang.org).'],
  ['', 'rustup toolchain install failed: it says nothing (asked of https://static.rust-lang.org).'],
] as const)('what else rustup says becomes a sentence with a remedy, case %$', ([stderr, sentence]) => {
  expect(explain(stderr)).toBe(sentence)
})

test('any output at all is one line that a terminal does not obey', () => {
  const pieces = fc.constantFrom(...Object.values(SEEN), '\u001b[31m', '\n', "'", ' does not support target ', '`')
  const output = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(pieces).map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(output, (stderr) => {
      expect(explain(stderr)).toMatch(/^[^\n\u001b]{10,2000}[.?]$/)
    }),
  )
  expect(explain(`error: ${'x'.repeat(1_000_000)}`).length).toBeLessThan(1000)
})
