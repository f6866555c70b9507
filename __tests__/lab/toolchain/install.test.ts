import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import type { RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, test, vi } from 'vitest'
import { Cancelled, Failed, Refused } from '../../../src/report/ending.ts'
import { installToolchain, type ToolchainOptions } from '../../../src/toolchain/install.ts'
import { rustupTriple, thisMachine } from '../../../src/toolchain/machine.ts'
import { addParts } from '../../../src/toolchain/parts.ts'
import { findRustc } from '../../../src/toolchain/rustc.ts'
import { readWantedToolchain } from '../../../src/toolchain/wanted.ts'
import { removeFolder } from '../../remove-folder.ts'
import { run } from '../ground/command.ts'
import { kept } from '../ground/machine.ts'
import { need } from '../ground/need.ts'
import { freshRustupHome } from '../rustup/home.ts'
import { debianRust } from '../rustup/mirror/debian-rust.ts'
import { rustupPart } from '../rustup/part.ts'
import { rustupProgram } from '../rustup/program.ts'
import { type RustupServer, startRustupServer } from '../rustup/server.ts'

beforeEach((context) => need(context, 'rustup', rustupPart.whyNot()))

const HOST = 'x86_64-unknown-linux-gnu'
const MUSL = 'x86_64-unknown-linux-musl'
const NO_CARGO = '/nowhere'
const DEBIAN_CARGO = '/usr/bin:/bin'

/** Nobody waits for a server that is known to come back at once. */
const QUICK = { silentMs: 30_000, totalMs: 120_000, pauseMs: 0 }

test('where there is no Rust at all, rustup comes, then the toolchain of the file, then what the gates need', async () => {
  const { server, pins, asked } = await startFullServer()
  using place = makePlace()
  const { release } = await debianRust()
  place.write('rust-toolchain.toml', `[toolchain]\nchannel = "${release}"\ncomponents = ["rustfmt"]\n`)
  const lab = await place.lab({ PATH: NO_CARGO, ...server.env })

  const first = await installToolchain({ ...lab, pins })
  expect(first).toEqual({
    environment: { PATH: `${place.cargoHome}/bin:${NO_CARGO}`, RUSTUP_TOOLCHAIN: release },
    hasRustup: true,
    installed: [`rustup ${VERSION}`, `Rust ${release}`, 'rustfmt'],
  })
  expect(lab.said.infos).toEqual([
    `Installing rustup ${VERSION}.`,
    `Installing Rust ${release} (named by rust-toolchain.toml).`,
  ])
  expect(place.files('scratch')).toEqual([])

  const environment = { ...lab.environment, ...first.environment }
  const parts = {
    ...lab,
    environment,
    hasRustup: true,
    components: ['rustfmt', 'clippy-preview'],
    targets: [MUSL, HOST],
  }
  expect(await addParts(parts)).toEqual(['clippy-preview', MUSL])
  for (const program of ['cargo', 'rustfmt', 'cargo-clippy']) {
    expect(await run([program, '--version'], { env: environment, cwd: place.folder })).toMatch(/ \d+\.\d+\.\d+/)
  }
  expect(await findRustc({ ...lab, environment })).toMatchObject({ version: release, host: HOST })

  await server[Symbol.asyncDispose]()
  const before = asked.length
  place.write('rust-toolchain.toml', `[toolchain]\nchannel = "${release}"\ncomponents = ["rustfmt", "clippy"]\n`)
  const again = await place.lab({ PATH: NO_CARGO, ...server.env })
  expect(await installToolchain({ ...again, pins })).toEqual({ ...first, installed: [] })
  expect(await addParts({ ...parts, log: again.log })).toEqual([])
  expect(again.said).toEqual({ infos: [], outputs: [] })
  expect(asked.length).toBe(before)
})

test('an installer with another hash is refused with both hashes, and never started', async () => {
  const { server, pins } = await startFullServer()
  await using _server = server
  using place = makePlace()
  const lab = await place.lab({ PATH: NO_CARGO, ...server.env })
  const wrong = Object.fromEntries(
    Object.entries(pins).map(([triple, { version }]) => [triple, { version, sha256: '0'.repeat(64) }]),
  )
  const said = await failureOf(installToolchain({ ...lab, pins: wrong }))
  expect(said).toBe(
    `${server.url}/rustup/archive/${VERSION}/${HOST}/rustup-init is not the file that was expected, and was not started: its SHA-256 is ${await hashOfRustup()}, and ${'0'.repeat(64)} is pinned. Check the mirror or proxy that it came through, or install rustup yourself.`,
  )
  expect(existsSync(place.cargoHome)).toBe(false)
  expect(place.files('scratch')).toEqual([])
})

test('an installer that is cut off is asked for again, and one that is missing is not', async () => {
  let cuts = 2
  const { server, pins, asked } = await startFullServer((serve) => (request, response) => {
    if (request.url?.endsWith('/rustup-init') !== true || cuts-- <= 0) return serve(request, response)
    response.writeHead(200, { 'content-length': 1_000_000 }).write('half')
    setImmediate(() => response.destroy())
  })
  await using _server = server
  using place = makePlace()
  const lab = await place.lab({ PATH: NO_CARGO, ...server.env })
  const done = await installToolchain({ ...lab, pins, pauses: [0, 0], patience: QUICK })
  expect(done.installed).toEqual([`rustup ${VERSION}`, 'Rust stable'])
  expect(asked.filter((path) => path.endsWith('/rustup-init'))).toHaveLength(3)

  using other = makePlace()
  const elsewhere = await other.lab({ PATH: NO_CARGO, ...server.env, RUSTUP_UPDATE_ROOT: `${server.url}/not-here` })
  const before = asked.length
  expect(await failureOf(installToolchain({ ...elsewhere, pins, pauses: [0, 0], patience: QUICK }))).toMatch(
    /\(the server answered with status 404\)\. .* whether the mirror .* is up and has this file/,
  )
  expect(asked.length).toBe(before + 1)
})

test('a mirror that is down is a sentence that names it', async () => {
  const { server, pins } = await startFullServer()
  await server[Symbol.asyncDispose]()
  using place = makePlace()
  const lab = await place.lab({ PATH: NO_CARGO, ...server.env })
  expect(await failureOf(installToolchain({ ...lab, pins, pauses: [0], patience: QUICK }))).toMatch(
    /^rustup could not be downloaded from http:.* \(connect ECONNREFUSED .*\)\. Check .* whether the mirror in RUSTUP_DIST_SERVER or RUSTUP_UPDATE_ROOT is up and has this file, or install rustup yourself\.$/,
  )

  await using home = await freshRustupHome()
  const withRustup = { ...lab, environment: { ...home.env, ...server.env }, pauses: [0, 0] }
  expect(await failureOf(installToolchain(withRustup))).toMatch(
    new RegExp(
      `^rustup toolchain install could not reach ${server.url} \\(.*refused.*\\)\\. Check .* whether the mirror in RUSTUP_DIST_SERVER is up\\.$`,
    ),
  )
  expect(lab.said.infos.filter((line) => line.includes('tries again'))).toHaveLength(2)
})

test('a mirror that dies in the middle is a sentence, and the next run succeeds', async () => {
  let cuts = Number.POSITIVE_INFINITY
  const { server, asked } = await startFullServer(cutting('/rustc-', () => cuts-- > 0))
  await using _server = server
  await using home = await freshRustupHome()
  using place = makePlace()
  // Its own tries are not ours to count.
  const lab = await place.lab({ ...home.env, ...server.env, RUSTUP_MAX_RETRIES: '0' })
  const said = await failureOf(installToolchain({ ...lab, pauses: [0, 0] }))
  expect(said).toMatch(/^rustup toolchain install could not reach http:\S+ \([^()]+\)\. Check the network/)
  expect(asked.filter((path) => path.includes('/rustc-'))).toHaveLength(3)

  // This server cannot go on where a download broke off, which costs rustup a try for each file that it has half of.
  cuts = 1
  const done = await installToolchain({ ...lab, pauses: [0, 0, 0, 0, 0, 0] })
  expect(done.installed).toEqual(['Rust stable'])
  expect(await findRustc({ ...lab, environment: { ...lab.environment, ...done.environment } })).toMatchObject({
    host: HOST,
  })
})

test('an installation that is killed while it unpacks leaves nothing that the next one stumbles over', async () => {
  const stop = new AbortController()
  const { server } = await startFullServer((serve) => (request, response) => {
    if (stop.signal.aborted || request.url?.includes('/rustc-') !== true) return serve(request, response)
    // The others arrive and are unpacked while this one never comes to an end.
    response.writeHead(200, { 'content-length': 1_000_000 }).write('half')
  })
  await using _server = server
  await using home = await freshRustupHome()
  using place = makePlace()
  const lab = await place.lab({ ...home.env, ...server.env })
  const stopped = expect(installToolchain({ ...lab, signal: stop.signal })).rejects.toThrow(Cancelled)
  const cargo = join(home.folder, `rustup/toolchains/stable-${HOST}/bin/cargo`)
  await vi.waitFor(() => expect(existsSync(cargo)).toBe(true), { timeout: 60_000 })
  stop.abort()
  await stopped

  const { installed, environment } = await installToolchain(lab)
  expect(installed).toEqual(['Rust stable'])
  expect(await findRustc({ ...lab, environment: { ...lab.environment, ...environment } })).toMatchObject({ host: HOST })
})

test('what the server does not have is refused at once, with what to do instead', async () => {
  const { server, asked } = await startFullServer()
  await using _server = server
  await using home = await freshRustupHome()
  using place = makePlace()
  const environment = { ...home.env, ...server.env }
  const mirror = ', or whether the mirror in RUSTUP_DIST_SERVER has it.'
  const install = async (file: string) => {
    place.write('rust-toolchain.toml', `[toolchain]\n${file}`)
    return failureOf(installToolchain(await place.lab(environment)))
  }

  expect(await install('channel = "1.70.0"')).toBe(
    `There is no Rust \`1.70.0-${HOST}\` on ${server.url}: check the toolchain in rust-toolchain.toml${mirror}`,
  )
  const before = asked.length
  expect(await install('channel = "nightly-2020-01-01"')).toBe(
    `There is no Rust \`nightly-2020-01-01\` on ${server.url}: check the toolchain in rust-toolchain.toml${mirror}`,
  )
  expect(asked.length).toBeLessThanOrEqual(before + 2)
  // Only a mirror can have no nightly at all, and rustup does not expect it.
  expect(await install('channel = "nightly"')).toMatch(/^rustup toolchain install failed: .*\(asked of http:/)
  expect(await install('channel = "my-own"')).toMatch(
    /^rust-toolchain.toml names the toolchain `my-own`, which is none that rustup could download and is not linked/,
  )
  expect(await install('channel = "stable-aarch64-unknown-linux-gnu"')).toMatch(
    /is for another kind of machine: leave its triple out, and name what to build for with `target`\.$/,
  )
  expect(await install('channel = "stable"\ntargets = ["riscv64gc-unknown-linux-musl"]')).toMatch(
    /^The toolchain has no ready-made standard library for `riscv64gc-unknown-linux-musl`: .* tier 3 /,
  )
  expect(await install('channel = "stable"\ncomponents = ["rustfmtt"]')).toBe(
    `The toolchain \`stable\` has no component \`rustfmtt\`: check its name, or leave it out${mirror}`,
  )
  expect(await run(['rustup', 'toolchain', 'list'], { env: environment })).toBe('no installed toolchains\n')
})

test('parts that are added later are refused as clearly', async () => {
  const { server } = await startFullServer()
  await using _server = server
  await using home = await freshRustupHome()
  using place = makePlace()
  const lab = await place.lab({ ...home.env, ...server.env })
  const { environment: own } = await installToolchain(lab)
  const add = (components: string[], targets: string[]) =>
    addParts({ ...lab, environment: { ...lab.environment, ...own }, hasRustup: true, components, targets })
  const name = `stable-${HOST}`

  expect(await failureOf(add([], ['x86_64-unknown-linux-mus']))).toBe(
    '`x86_64-unknown-linux-mus` is no target of this toolchain; did you mean `x86_64-unknown-linux-musl`?',
  )
  expect(await failureOf(add([], ['riscv64gc-unknown-linux-musl']))).toBe(
    `There is no ready-made standard library of \`${name}\` for \`riscv64gc-unknown-linux-musl\`, as for all targets of tier 3: take another target, or another toolchain.`,
  )
  expect(await failureOf(add(['rust-src'], []))).toContain(`The toolchain \`${name}\` has no component \`rust-src\``)
  expect(await add(['rustc', 'cargo', 'rust-std'], [HOST])).toEqual([])
})

test('a full disk is called one', async () => {
  using place = makePlace()
  const { server } = await startFullServer()
  await using _server = server
  await using home = await freshRustupHome()
  const small = join(place.folder, 'small')
  mkdirSync(small)
  await run(['mount', '-t', 'tmpfs', '-o', 'size=8m', 'none', small])
  try {
    const lab = await place.lab({ ...home.env, ...server.env, RUSTUP_HOME: join(small, 'rustup') })
    expect(await failureOf(installToolchain({ ...lab, pauses: [0] }))).toBe(
      `The disk is full, so rustup toolchain install could not finish. Free some space, or name a folder on a larger disk with RUSTUP_HOME (now ${small}/rustup).`,
    )
  } finally {
    await run(['umount', small])
  }
})

test('a rustup without a toolchain gets stable, and one with a default keeps it, even for a file that names only parts', async () => {
  const { server } = await startFullServer()
  await using _server = server
  await using home = await freshRustupHome()
  using place = makePlace()
  const { release } = await debianRust()
  const lab = await place.lab({ ...home.env, ...server.env })
  expect((await installToolchain(lab)).environment).toEqual({ RUSTUP_TOOLCHAIN: 'stable' })

  await run(['rustup', 'toolchain', 'install', release, '--no-self-update', '--profile', 'minimal'], {
    env: lab.environment,
  })
  await run(['rustup', 'default', release], { env: lab.environment })
  place.write('rust-toolchain.toml', '[toolchain]\ncomponents = ["rustfmt"]\n')
  const parts = await place.lab({ ...home.env, ...server.env })
  expect(await installToolchain(parts)).toEqual({
    environment: { RUSTUP_TOOLCHAIN: `${release}-${HOST}` },
    hasRustup: true,
    installed: ['rustfmt'],
  })
})

test("a distribution's cargo serves where nothing in particular is wanted, and rustup goes before it where something is", async () => {
  const { server, pins } = await startFullServer()
  await using _server = server
  using place = makePlace()
  const lab = await place.lab({ PATH: DEBIAN_CARGO, ...server.env })
  expect(await installToolchain(lab)).toEqual({ environment: {}, hasRustup: false, installed: [] })
  const parts = { ...lab, hasRustup: false, components: ['cargo'], targets: [HOST] }
  expect(await addParts(parts)).toEqual([])
  expect(await failureOf(addParts({ ...parts, targets: [MUSL, HOST] }))).toBe(
    `This Rust is not rustup's and has no standard library for \`${MUSL}\`, only for \`${HOST}\`: set \`toolchain\` (for example to \`stable\`), and rustup installs all that is needed.`,
  )

  const wanted = await place.lab({ PATH: DEBIAN_CARGO, ...server.env }, 'stable')
  const { environment } = await installToolchain({ ...wanted, pins })
  expect(environment).toEqual({ PATH: `${place.cargoHome}/bin:${DEBIAN_CARGO}`, RUSTUP_TOOLCHAIN: 'stable' })
  // Installed, but not on the PATH, as in the next step of a job.
  const next = await place.lab({ PATH: DEBIAN_CARGO, ...server.env }, 'stable')
  expect(await installToolchain({ ...next, pins })).toEqual({ environment, hasRustup: true, installed: [] })
})

test('a toolchain at a path is used as it is, with rustup or without', async () => {
  const { server } = await startFullServer()
  await using _server = server
  await using home = await freshRustupHome()
  using place = makePlace()
  const lab = await place.lab({ ...home.env, ...server.env })
  await installToolchain(lab)
  const path = join(home.folder, `rustup/toolchains/stable-${HOST}`)

  symlinkSync(path, join(place.folder, 'own rust'))
  place.write('rust-toolchain.toml', '[toolchain]\npath = "own rust"\n')
  const own = join(place.folder, 'own rust')
  const managed = await place.lab({ ...home.env, ...server.env })
  const used = await installToolchain(managed)
  expect(used).toEqual({ environment: { RUSTUP_TOOLCHAIN: own }, hasRustup: true, installed: [] })
  const parts = { ...managed, environment: { ...managed.environment, ...used.environment }, hasRustup: true }
  expect(await addParts({ ...parts, components: [], targets: [HOST] })).toEqual([])
  // The stand-ins of rustup for rustfmt are on the PATH, and yet there is none.
  expect(await problemsOf(addParts({ ...parts, components: ['rustfmt'], targets: [] }))).toEqual([
    'The toolchain in use has no rustfmt, and nothing can be added to it: build it with that, or name a toolchain that rustup can install.',
  ])

  const tools = place.toolsOfWrappers()
  const alone = await place.lab({ PATH: tools })
  const bare = await installToolchain(alone)
  expect(bare).toEqual({ environment: { PATH: `${own}/bin:${tools}` }, hasRustup: false, installed: [] })
  const lacking = { ...alone, environment: { ...alone.environment, ...bare.environment }, hasRustup: false }
  expect(
    await problemsOf(addParts({ ...lacking, components: ['clippy', 'cargo', 'llvm-tools'], targets: [] })),
  ).toEqual([
    "clippy is not installed, and this Rust is not rustup's, so nothing can be added to it: install it (Debian and Ubuntu: `apt-get install rust-clippy`), or set `toolchain` (for example to `stable`), and rustup installs all that is needed.",
    "llvm-tools is not installed, and this Rust is not rustup's, so nothing can be added to it: set `toolchain` (for example to `stable`), and rustup installs all that is needed.",
  ])
  expect(await problemsOf(installToolchain(await place.lab({ PATH: NO_CARGO }, '/nowhere/rust')))).toEqual([
    '`toolchain` names the toolchain at /nowhere/rust, but there is no bin/rustc in it: check the path, or build the toolchain first.',
  ])
})

test('a linked toolchain is used, and nothing is added to it', async () => {
  const { server } = await startFullServer()
  await using _server = server
  await using home = await freshRustupHome()
  using place = makePlace()
  const lab = await place.lab({ ...home.env, ...server.env })
  await installToolchain(lab)
  await run(['rustup', 'toolchain', 'link', 'my-own', join(home.folder, `rustup/toolchains/stable-${HOST}`)], {
    env: lab.environment,
  })
  const linked = await place.lab(lab.environment, 'my-own')
  expect(await installToolchain(linked)).toEqual({
    environment: { RUSTUP_TOOLCHAIN: 'my-own' },
    hasRustup: true,
    installed: [],
  })
})

/** The version that the lab's own program is served as. */
const VERSION = '1.29.0'

/** The lab's server, and on it the real rustup as its own installer. */
async function startFullServer(around = (serve: RequestListener): RequestListener => serve) {
  const program = await rustupProgram()
  const asked: string[] = []
  const server: RustupServer = await startRustupServer({
    around: (serve) => {
      const withInstaller = around((request, response) => {
        if (request.url === `/rustup/archive/${VERSION}/${HOST}/rustup-init`) response.end(readFileSync(program))
        else serve(request, response)
      })
      return (request, response) => {
        asked.push(request.url ?? '')
        withInstaller(request, response)
      }
    },
  })
  const triple = rustupTriple(await thisMachine()) ?? ''
  return { server, asked, pins: { [triple]: { version: VERSION, sha256: await hashOfRustup() } } }
}

async function hashOfRustup(): Promise<string> {
  return createHash('sha256')
    .update(readFileSync(await rustupProgram()))
    .digest('hex')
}

/** Sends half of what is asked for, and hangs up. */
function cutting(part: string, isCut: () => boolean) {
  return (serve: RequestListener): RequestListener =>
    (request, response) => {
      if (request.url?.includes(part) !== true || !isCut()) return serve(request, response)
      response.writeHead(200, { 'content-length': 1_000_000 }).write('half')
      setImmediate(() => response.destroy())
    }
}

type Lab = ToolchainOptions & { said: { infos: string[]; outputs: string[] } }

/** A folder for a project, with a home in which nothing was ever installed. */
function makePlace() {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'rust-deploy-toolchain-')))
  const cargoHome = join(folder, 'home/cargo')
  mkdirSync(join(folder, 'scratch'))
  return {
    folder,
    cargoHome,
    write: (name: string, content: string) => writeFileSync(join(folder, name), content),
    files: (name: string) => readdirSync(join(folder, name)),
    /** A PATH with no Rust on it, but with what the wrappers of the lab's toolchain call. */
    toolsOfWrappers(): string {
      const tools = join(folder, 'tools')
      mkdirSync(tools)
      for (const name of ['dirname', 'readlink']) symlinkSync(join('/usr/bin', name), join(tools, name))
      return tools
    },
    async lab(more: Readonly<Record<string, string | undefined>>, setting = ''): Promise<Lab> {
      const home = { HOME: join(folder, 'home'), CARGO_HOME: cargoHome, RUSTUP_HOME: join(folder, 'home/rustup') }
      const environment = { ...kept(), ...home, ...more }
      const said: Lab['said'] = { infos: [], outputs: [] }
      return {
        wanted: await readWantedToolchain({ directory: folder, setting, environment }),
        directory: folder,
        environment,
        scratch: join(folder, 'scratch'),
        signal: new AbortController().signal,
        log: {
          info: (text) => said.infos.push(text),
          output: (line) => said.outputs.push(line),
          finding: () => {},
        },
        said,
      }
    },
    [Symbol.dispose]: () => removeFolder(folder),
  }
}

async function failureOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    (value) => new Error(`it succeeded with ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  )
  if (error instanceof Failed || error instanceof Refused) return error.message
  throw error
}

async function problemsOf(work: Promise<unknown>): Promise<readonly string[]> {
  return (await failureOf(work)).split('\n')
}
