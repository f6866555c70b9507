import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { Failed } from '../../../src/report/ending.ts'
import { findTool } from '../../../src/toolchain/tools/find.ts'
import { type PinnedTools, pinnedTools } from '../../../src/toolchain/tools/pins.ts'
import { HERE, installation, sha256Of } from '../../toolchain/tools/installation.ts'
import { type ReleaseServer, startReleaseServer } from '../../toolchain/tools/release-server.ts'
import { need } from '../ground/need.ts'
import { smallDisk } from '../ground/small-disk.ts'
import { type CargoTools, cargoTools, TOOL_VERSIONS } from './cargo-tools.ts'
import { whyNoTools } from './part.ts'

const NAMES = [...TOOL_VERSIONS.keys()]
const tools: PinnedTools = pinnedTools
let lab: CargoTools

beforeEach((context) => need(context, 'tools', whyNoTools()))

beforeAll(async () => {
  if (whyNoTools() === undefined) lab = await cargoTools()
})

test('the lab has the versions that are pinned, of all tools', () => {
  expect(Object.fromEntries(TOOL_VERSIONS)).toEqual(
    Object.fromEntries(Object.entries(tools).map(([tool, { version }]) => [tool, version])),
  )
})

test.each(NAMES.filter((name) => tools[name]?.asks !== undefined))('the real %s on the PATH fits', async (tool) => {
  using place = installation(tools)
  const environment = { PATH: `${lab.folder}:/usr/bin:/bin` }
  expect(await findTool({ ...place.options, tool, environment, mirror: '' })).toEqual({
    path: join(lab.folder, tool),
    version: TOOL_VERSIONS.get(tool),
    source: 'path',
  })
})

test.each(NAMES)('%s is found in the folder in which runners keep tools', async (tool) => {
  using place = installation(tools)
  const found = await findTool({ ...place.options, tool, folder: lab.toolCache, mirror: '' })
  expect(found).toMatchObject({ version: TOOL_VERSIONS.get(tool), source: 'tool-cache' })
  expect(found.path.startsWith(lab.toolCache)).toBe(true)
})

test.each(NAMES)('the real %s comes from a mirror, and works', async (tool) => {
  await using server = await startReleaseServer()
  const pins = mirrored(tool, server)
  using place = installation(pins)
  const find = () => findTool({ ...place.options, tool, mirror: server.url })
  const { path, source } = await find()
  expect(source).toBe('download')
  works(tool, path)
  expect(await find()).toMatchObject({ path, source: 'tool-cache' })
})

test('a full disk is a sentence, and nothing that is half there is used', async () => {
  await using server = await startReleaseServer()
  const pins = mirrored('cargo-deny', server)
  await using disk = await smallDisk(4 * 1024 * 1024)
  using place = installation(pins)
  const full = (more: object) =>
    findTool({ ...place.options, tool: 'cargo-deny', mirror: server.url, folder: join(disk.folder, 'tools'), ...more })
  const unpacked = full({})
  await expect(unpacked).rejects.toThrow(Failed)
  await expect(unpacked).rejects.toThrow(/^The disk is full: .*cargo-deny.* could not be unpacked\./)
  const scratch = join(disk.folder, 'scratch')
  mkdirSync(scratch)
  await expect(full({ scratch })).rejects.toThrow(/could not be written: ENOSPC/)
  expect(await full({ folder: join(place.folder, 'elsewhere') })).toMatchObject({ source: 'download' })
})

test('the real cargo-auditable is compiled from the registry where its release cannot be reached', async () => {
  await using server = await startReleaseServer()
  using place = installation(tools)
  const found = await findTool({
    ...place.options,
    tool: 'cargo-auditable',
    // It need not be fast.
    environment: { ...process.env, CARGO_PROFILE_RELEASE_OPT_LEVEL: '0', CARGO_PROFILE_RELEASE_LTO: 'off' },
    mirror: server.url,
  })
  expect(found).toMatchObject({ version: TOOL_VERSIONS.get('cargo-auditable'), source: 'compiled' })
  works('cargo-auditable', found.path)
  expect(place.said.findings[0]?.message).toMatch(
    /^cargo-auditable 0\.7\.5 cannot be downloaded: .* status 404\. So cargo/,
  )
})

/** The tool as its release has it, with the program at the same place in the archive. */
function mirrored(tool: string, server: ReleaseServer): PinnedTools {
  const pinned = tools[tool]
  const pin = pinned?.pins[HERE]
  if (pinned === undefined || pin === undefined) throw new Error(`${tool} is not pinned for ${HERE}`)
  // All of zig takes xz a minute; the others show that xz is unpacked.
  const fileName = basename(pin.url).replace(tool === 'zig' ? /xz$/ : /$^/, 'gz')
  const archive = packed(lab.programs.get(tool) ?? '', pin.binary, fileName)
  server.answers.set(`/${tool}/${pinned.version}/${fileName}`, archive)
  const url = new URL(fileName, pin.url).href
  return { [tool]: { ...pinned, pins: { [HERE]: { ...pin, url, sha256: sha256Of(archive) } } } }
}

function packed(program: string, binary: string, fileName: string): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'rust-deploy-packed-'))
  try {
    const file = join(folder, fileName)
    const compress = fileName.endsWith('.xz') ? 'xz -0' : 'gzip -1'
    const inside = dirname(binary) === '.' ? [] : [`--transform=s,^,${dirname(binary)}/,`]
    // zig is nothing without its library.
    const content = basename(program) === 'zig' ? ['zig', 'lib'] : [basename(program)]
    const pack = ['-c', '-f', file, `--use-compress-program=${compress}`, ...inside, '-C', dirname(program), ...content]
    execFileSync('tar', pack)
    return readFileSync(file)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** That it starts is one thing; zig also needs what stands beside it. */
function works(tool: string, path: string): void {
  const asks = tools[tool]?.asks
  if (asks !== undefined) expect(execFileSync(path, [...asks], { encoding: 'utf8' })).toContain(TOOL_VERSIONS.get(tool))
  if (tool === 'cargo-auditable')
    expect(execFileSync(path, ['auditable', '--help'], { encoding: 'utf8' })).toMatch(/cargo/i)
  if (tool !== 'zig') return
  const folder = mkdtempSync(join(tmpdir(), 'rust-deploy-zig-'))
  try {
    writeFileSync(join(folder, 'one.c'), 'int one(void) { return 1; }\n')
    const env = {
      ...process.env,
      ZIG_GLOBAL_CACHE_DIR: join(folder, 'cache'),
      ZIG_LOCAL_CACHE_DIR: join(folder, 'cache'),
    }
    const zig = (...args: string[]) => execFileSync(path, args, { cwd: folder, env })
    zig('cc', '-target', 'aarch64-linux-musl', '-c', 'one.c', '-o', 'one.o')
    zig('ar', 'rcs', 'libone.a', 'one.o')
    expect(readFileSync(join(folder, 'libone.a'), 'latin1')).toMatch(/^!<arch>\n/)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
