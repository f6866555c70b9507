import { mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Refused } from '../../src/report/ending.ts'
import { readWantedToolchain } from '../../src/toolchain/wanted.ts'
import { removeFolder } from '../remove-folder.ts'

let folder: string
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'rust-deploy-wanted-')))
})
afterEach(() => removeFolder(folder))

function write(name: string, content: string | Uint8Array): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  writeFileSync(join(folder, name), content)
}

function read(more: { directory?: string; setting?: string; environment?: Record<string, string> } = {}) {
  return readWantedToolchain({ directory: folder, setting: '', environment: {}, ...more })
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    (value) => new Error(`it was accepted as ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  )
  if (error instanceof Refused) return error.message
  throw error
}

test('where nobody says anything, nothing in particular is wanted', async () => {
  expect(await read()).toEqual({ toolchain: undefined, components: [], targets: [], from: 'default' })
})

test('the setting comes before the variable, the variable before the file, and the parts of the file always count', async () => {
  write(
    'rust-toolchain.toml',
    '[toolchain]\nchannel = "1.90"\ncomponents = ["rustfmt", "rustfmt"]\ntargets = ["x86_64-unknown-linux-musl"]\nprofile = "default"\nfuture = 1\n[other]\n',
  )
  const parts = { components: ['rustfmt'], targets: ['x86_64-unknown-linux-musl'], profile: 'default' }
  const environment = { RUSTUP_TOOLCHAIN: 'beta' }
  expect(await read({ setting: 'nightly', environment })).toEqual({ toolchain: 'nightly', ...parts, from: 'setting' })
  expect(await read({ environment })).toEqual({ toolchain: 'beta', ...parts, from: 'environment' })
  expect(await read({ environment: { RUSTUP_TOOLCHAIN: '' } })).toEqual({
    toolchain: '1.90',
    ...parts,
    from: 'rust-toolchain.toml',
  })
  expect((await read({ setting: '/opt/rust' })).toolchain).toBe('/opt/rust')
})

test('the nearest file upwards is taken, and of two in one folder the one without an ending', async () => {
  write('rust-toolchain.toml', '[toolchain]\nchannel = "1.80"\n')
  write('services/api/src/main.rs', '')
  const directory = join(folder, 'services/api')
  expect(await read({ directory })).toMatchObject({ toolchain: '1.80', from: '../../rust-toolchain.toml' })
  write('services/rust-toolchain.toml', '[toolchain]\nchannel = "1.81"\n')
  expect(await read({ directory })).toMatchObject({ toolchain: '1.81', from: '../rust-toolchain.toml' })
  write('services/rust-toolchain', 'nightly-2026-05-01\n')
  expect(await read({ directory })).toMatchObject({ toolchain: 'nightly-2026-05-01', from: '../rust-toolchain' })
})

test('the file without an ending may be a bare line or TOML', async () => {
  write('rust-toolchain', '  1.96.0  ')
  expect(await read()).toMatchObject({ toolchain: '1.96.0', from: 'rust-toolchain' })
  write('rust-toolchain', '1.96.0\r\n')
  expect((await read()).toolchain).toBe('1.96.0')
  write('rust-toolchain', '/opt/rust\n')
  expect((await read()).toolchain).toBe('/opt/rust')
  write('rust-toolchain', '[toolchain]\r\nchannel = "beta"\r\n')
  expect((await read()).toolchain).toBe('beta')
})

test('a file with only parts leaves the toolchain open', async () => {
  write('rust-toolchain.toml', '[toolchain]\ncomponents = ["clippy"]\n')
  expect(await read()).toEqual({
    toolchain: undefined,
    components: ['clippy'],
    targets: [],
    from: 'rust-toolchain.toml',
  })
})

test('a path is absolute or begins at the file', async () => {
  write('rust-toolchain.toml', '[toolchain]\npath = "build/stage2"\n')
  mkdirSync(join(folder, 'api'))
  expect((await read({ directory: join(folder, 'api') })).toolchain).toBe(join(folder, 'build/stage2'))
  write('rust-toolchain.toml', '[toolchain]\npath = "/opt/rust"\n')
  expect((await read()).toolchain).toBe('/opt/rust')
})

test('a folder of that name is passed over, and a link is followed', async () => {
  mkdirSync(join(folder, 'api/rust-toolchain'), { recursive: true })
  write('pinned', '1.95\n')
  symlinkSync(join(folder, 'pinned'), join(folder, 'rust-toolchain'))
  expect(await read({ directory: join(folder, 'api') })).toMatchObject({ toolchain: '1.95', from: '../rust-toolchain' })
})

test.for([
  ['rust-toolchain', '', /^rust-toolchain is empty: write a channel/],
  ['rust-toolchain', '\n', /^rust-toolchain is empty/],
  ['rust-toolchain', '-Zhelp', /^rust-toolchain names the toolchain "-Zhelp", which is neither a channel/],
  ['rust-toolchain', '+nightly', /neither a channel nor an absolute path/],
  ['rust-toolchain', '../evil', /neither a channel nor an absolute path/],
  ['rust-toolchain', 'stable\u001b[31m', /"stable\\u001b\[31m"/],
  ['rust-toolchain', 'stable\nbeta\n', /^rust-toolchain is not valid TOML: .*\.$/],
  ['rust-toolchain.toml', 'stable', /^rust-toolchain.toml is not valid TOML/],
  ['rust-toolchain.toml', 'channel = "stable"', /has no table \[toolchain\]/],
  ['rust-toolchain.toml', 'toolchain = "stable"', /has no table \[toolchain\]/],
  ['rust-toolchain.toml', '[toolchain]\nprofile = "minimal"', /names nothing: write `channel = "stable"`/],
  ['rust-toolchain.toml', '[toolchain]\nchannel = 1.96', /names the toolchain 1.96, which is neither/],
  ['rust-toolchain.toml', '[toolchain]\nchannel = ["a"]', /neither a channel/],
  ['rust-toolchain.toml', '[toolchain]\nchannel = "/opt/rust"', /write it as `path`/],
  ['rust-toolchain.toml', '[toolchain]\nchannel = "a\\nb"', /"a\\nb"/],
  ['rust-toolchain.toml', '[toolchain]\nchannel = "a"\npath = "/b"', /has both `path` and `channel`/],
  ['rust-toolchain.toml', '[toolchain]\ntargets = ["a"]\npath = "/b"', /has both `path` and `targets`/],
  ['rust-toolchain.toml', '[toolchain]\npath = ""', /has a `path` that is none/],
  ['rust-toolchain.toml', '[toolchain]\npath = "a\\u0000"', /has a `path` that is none/],
  [
    'rust-toolchain.toml',
    '[toolchain]\ncomponents = "clippy"',
    /has "clippy" in `components`.*\["rustfmt", "clippy"\]\.$/,
  ],
  ['rust-toolchain.toml', '[toolchain]\ncomponents = ["clippy", 1]', /has 1 in `components`/],
  ['rust-toolchain.toml', '[toolchain]\ntargets = ["--all"]', /has "--all" in `targets`/],
  ['rust-toolchain.toml', '[toolchain]\nchannel = "stable"\nprofile = "tiny"', /knows minimal, default and complete/],
] as const)(
  'what rustup could not use is refused with the file and the remedy: %s %j',
  async ([name, content, said]) => {
    write(name, content)
    const message = await refusal(read())
    expect(message).toMatch(said)
    expect(message).toMatch(/^[^\n\p{Cc}]{10,500}\.$/u)
  },
)

test('a file that is too deep or too large is refused', async () => {
  write('rust-toolchain.toml', `a = ${'['.repeat(60_000)}`)
  expect(await refusal(read())).toMatch(/is not valid TOML: .*\.$/)
  write('rust-toolchain.toml', `# ${'x'.repeat(70_000)}`)
  expect(await refusal(read())).toBe('rust-toolchain.toml is too large to be a toolchain file of rustup.')
})

test('bytes that are no text are refused', async () => {
  write('rust-toolchain', Buffer.from([0x73, 0xff, 0xfe]))
  expect(await refusal(read())).toBe('rust-toolchain is not text in UTF-8: write it anew, or delete it.')
})

test('a wrong setting or variable is refused by its own name', async () => {
  expect(await refusal(read({ setting: '../rust' }))).toMatch(/^`toolchain` names the toolchain "..\/rust"/)
  expect(await refusal(read({ environment: { RUSTUP_TOOLCHAIN: '--help' } }))).toMatch(/^RUSTUP_TOOLCHAIN names/)
})

test('any bytes at all are a toolchain or a sentence', async () => {
  const whole = '[toolchain]\nchannel = "1.96"\ncomponents = ["clippy"]\ntargets = ["a-b-c"]\npath = "x"\n'
  const damaged = fc
    .tuple(fc.nat(whole.length), fc.nat(whole.length), fc.string())
    .map(([from, to, text]) => whole.slice(0, from) + text + whole.slice(to))
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.uint8Array(), damaged), async (content) => {
      write('rust-toolchain', typeof content === 'string' ? content : Buffer.from(content))
      try {
        const { components, targets } = await read()
        expect([...components, ...targets].every((name) => /^[\w.-]+$/.test(name))).toBe(true)
      } catch (error) {
        expect(error).toBeInstanceOf(Refused)
      }
    }),
    { numRuns: 200 },
  )
})
