import { expect, test } from 'vitest'
import { joinRustflags } from '../../src/build/rustflags.ts'

const triple = 'x86_64-unknown-linux-musl'
const NAME = 'CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_RUSTFLAGS'
const add = ['-Ctarget-feature=+crt-static', '--remap-path-prefix=/a=/b']
const join = (
  environment: Record<string, string>,
  { build = [], target = [] }: { build?: string[]; target?: string[] } = {},
) => joinRustflags({ environment, triple, configured: { build, target }, add })

test.each([
  ['nothing', {}, {}, { [NAME]: add.join(' ') }],
  ['the target in a file', {}, { target: ['-Ca=b'] }, { [NAME]: add.join(' ') }],
  ['the target in a variable', { [NAME]: ' -Ca=b  -g ' }, {}, { [NAME]: ['-Ca=b', '-g', ...add].join(' ') }],
  ['the build in a file', {}, { build: ['-Ca=b'] }, { [NAME]: ['-Ca=b', ...add].join(' ') }],
  ['the build in a variable', { CARGO_BUILD_RUSTFLAGS: '-Ca=b' }, {}, { [NAME]: ['-Ca=b', ...add].join(' ') }],
  ['both in files', {}, { build: ['-Ca=b'], target: ['-Cc=d'] }, { [NAME]: add.join(' ') }],
  [
    'everything',
    { RUSTFLAGS: '-Ca=b -g', [NAME]: '-Cc=d' },
    { build: ['-Ce=f'] },
    { CARGO_ENCODED_RUSTFLAGS: ['-Ca=b', '-g', ...add].join('\x1f') },
  ],
  ['everything, to nothing', { RUSTFLAGS: '' }, { target: ['-Ca=b'] }, { CARGO_ENCODED_RUSTFLAGS: add.join('\x1f') }],
  [
    'everything, encoded',
    { CARGO_ENCODED_RUSTFLAGS: '-Ca=b c\x1f-g', RUSTFLAGS: '-O' },
    {},
    { CARGO_ENCODED_RUSTFLAGS: ['-Ca=b c', '-g', ...add].join('\x1f') },
  ],
  [
    'everything, encoded, to nothing',
    { CARGO_ENCODED_RUSTFLAGS: '' },
    {},
    { CARGO_ENCODED_RUSTFLAGS: add.join('\x1f') },
  ],
] as const)('set by the user: %s', (_, environment, configured, expected) => {
  expect(join(environment, { ...configured } as Parameters<typeof join>[1])).toEqual(expected)
})

test('a flag with a blank in it takes all others along to where blanks are possible', () => {
  const joined = joinRustflags({
    environment: { [NAME]: '-Ca=b' },
    triple,
    configured: { build: ['-Cignored'], target: ['-Cc=d'] },
    add: ['--remap-path-prefix=/my home=/cargo'],
  })
  expect(joined).toEqual({ CARGO_ENCODED_RUSTFLAGS: '-Cc=d\x1f-Ca=b\x1f--remap-path-prefix=/my home=/cargo' })
})

test('nothing to add changes nothing', () => {
  expect(
    joinRustflags({ environment: { RUSTFLAGS: '-g' }, triple, configured: { build: [], target: [] }, add: [] }),
  ).toEqual({})
})
