import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Cancelled, Failed } from '../../../src/report/ending.ts'
import { type FoundTool, findTool } from '../../../src/toolchain/tools/find.ts'
import {
  ARCHIVE_PATH,
  archiveOf,
  type Installation,
  installation,
  pinned,
  script,
  sha256Of,
  TOOL,
  VERSION,
  writeProgram,
} from './installation.ts'
import { type ReleaseServer, startReleaseServer } from './release-server.ts'

const ARCHIVE = archiveOf({
  [`made-tool-${VERSION}/${TOOL}`]: script(VERSION),
  [`made-tool-${VERSION}/lib/part`]: 'a part',
})

let server: ReleaseServer

beforeEach(async () => {
  server = await startReleaseServer()
})

afterEach(async () => {
  await server[Symbol.asyncDispose]()
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

/** The release is on the server, with the hash that is pinned. */
function released(archive: Buffer = ARCHIVE, more: Partial<Parameters<typeof pinned>[0]> = {}): Installation {
  server.answers.set(`/${TOOL}/${VERSION}/${more.fileName ?? 'made-tool.tar.gz'}`, archive)
  return installation(pinned({ sha256: sha256Of(archive), ...more }))
}

function find({ options }: Installation, more: Partial<Parameters<typeof findTool>[0]> = {}): Promise<FoundTool> {
  return findTool({ ...options, mirror: server.url, ...more })
}

function says(program: string): string {
  return execFileSync(program, { encoding: 'utf8' }).trim()
}

function withOnPath(...folders: string[]) {
  return { environment: { PATH: [...folders, '/usr/bin', '/bin'].join(':') } }
}

test('a program on the PATH that fits is used, and nothing is asked of anybody', async () => {
  using place = released()
  writeProgram(join(place.folder, 'own', TOOL), script('1.4.0'))
  expect(await find(place, withOnPath(join(place.folder, 'own')))).toEqual({
    path: join(place.folder, 'own', TOOL),
    version: '1.4.0',
    source: 'path',
  })
  expect(server.asked).toEqual([])
  expect(place.said.info).toEqual([])
})

test('one on the PATH that does not fit is named and passed over, for the next or for a download', async () => {
  using place = released()
  const [old, silent, good] = ['old', 'silent', 'good'].map((name) => join(place.folder, name)) as [
    string,
    string,
    string,
  ]
  writeProgram(join(old, TOOL), script('1.2.2'))
  writeProgram(join(silent, TOOL), '#!/bin/sh\nexit 3\n')
  expect(await find(place, withOnPath(old, silent))).toMatchObject({ source: 'download', version: VERSION })
  expect(place.said.info.slice(0, 2)).toEqual([
    `${old}/made-tool is 1.2.2, and is not used: 1.2.3 is wanted, or a newer one of that line.`,
    `${silent}/made-tool says no version, and is not used: 1.2.3 is wanted, or a newer one of that line.`,
  ])
  writeProgram(join(good, TOOL), script('1.2.3'))
  expect(await find(place, withOnPath(old, good))).toMatchObject({ source: 'path', path: join(good, TOOL) })
})

test('a program in a folder of the PATH that is not absolute is never started', async () => {
  using place = released()
  writeProgram(join(place.folder, 'project', TOOL), `#!/bin/sh\ntouch ${place.folder}/started\necho ${VERSION}\n`)
  const environment = withOnPath(relative(process.cwd(), join(place.folder, 'project')), '.')
  expect(await find(place, environment)).toMatchObject({ source: 'download' })
  expect(existsSync(join(place.folder, 'started'))).toBe(false)
})

test.each([
  ['made-tool.tar.gz', '-z'],
  ['made-tool.tgz', '-z'],
  ['made-tool.tar.xz', '-J'],
])('%s is downloaded, checked, unpacked with what belongs to it, and kept', async (fileName, flag) => {
  using place = released(archiveOf({ [`deep/${TOOL}`]: script(VERSION), 'deep/lib/part': 'a part' }, flag), {
    fileName,
    binary: `deep/${TOOL}`,
  })
  const kept = join(place.options.folder, TOOL, VERSION, process.arch)
  expect(await find(place)).toEqual({ path: join(kept, TOOL), version: VERSION, source: 'download' })
  expect(says(join(kept, TOOL))).toBe(`${TOOL} ${VERSION}`)
  expect(readdirSync(kept).toSorted()).toEqual(['lib', TOOL])
  // Beside it stands its mark, and nothing of the making.
  expect(readdirSync(join(kept, '..')).toSorted()).toEqual([process.arch, `${process.arch}.complete`])

  expect(await find(place)).toEqual({ path: join(kept, TOOL), version: VERSION, source: 'tool-cache' })
  expect(server.asked).toHaveLength(1)
})

test('a program that stands alone at the root of its archive is found too', async () => {
  using place = released(archiveOf({ [TOOL]: script(VERSION) }), { binary: TOOL })
  const { path } = await find(place)
  expect(says(path)).toBe(`${TOOL} ${VERSION}`)
})

test("the folder is that of GitHub's own library, in both directions", async () => {
  using place = released()
  vi.stubEnv('RUNNER_TOOL_CACHE', place.options.folder)
  vi.stubEnv('RUNNER_TEMP', place.folder)
  // It tells the runner every step.
  vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  const library = await import('@actions/tool-cache')
  expect(library.find(TOOL, VERSION)).toBe('')
  const { path } = await find(place)
  expect(join(library.find(TOOL, VERSION), TOOL)).toBe(path)

  using other = released()
  vi.stubEnv('RUNNER_TOOL_CACHE', other.options.folder)
  writeProgram(join(other.folder, 'made', TOOL), script(VERSION))
  const kept = await library.cacheDir(join(other.folder, 'made'), TOOL, VERSION)
  expect(await find(other)).toEqual({ path: join(kept, TOOL), version: VERSION, source: 'tool-cache' })
})

test('what another run left unfinished in the folder is replaced', async () => {
  using place = released()
  const kept = join(place.options.folder, TOOL, VERSION, process.arch)
  writeProgram(join(kept, TOOL), '#!/bin/sh\nexit 9\n')
  expect(await find(place)).toMatchObject({ source: 'download' })
  expect(says(join(kept, TOOL))).toBe(`${TOOL} ${VERSION}`)
})

test('many runs at once all get a program that works', async () => {
  using place = released()
  const found = await Promise.all(Array.from({ length: 8 }, () => find(place).then(({ path }) => says(path))))
  expect(found).toEqual(Array.from({ length: 8 }, () => `${TOOL} ${VERSION}`))
  const beside = readdirSync(join(place.options.folder, TOOL, VERSION))
  expect(beside.toSorted()).toEqual([process.arch, `${process.arch}.complete`])
})

test('a folder that cannot be written is said, and the tool serves this run', async () => {
  using place = released()
  writeFileSync(join(place.folder, 'no-folder'), '')
  const folder = join(place.folder, 'no-folder')
  const { path, source } = await find(place, { folder })
  expect(source).toBe('download')
  expect(says(path)).toBe(`${TOOL} ${VERSION}`)
  expect(path.startsWith(place.options.scratch)).toBe(true)
  expect(place.said.info[0]).toBe(`${folder} cannot be written, so made-tool is installed for this run only.`)
})

test('another hash than the pinned one is refused with both, before anything is unpacked or compiled', async () => {
  const other = archiveOf({ [`made-tool-${VERSION}/${TOOL}`]: script('6.6.6') })
  const expected = '0'.repeat(64)
  using place = released(other, { sha256: expected })
  const path = join(place.folder, 'bin')
  writeProgram(join(path, 'cargo'), `#!/bin/sh\ntouch ${place.folder}/compiled\n`)
  const refused = find(place, withOnPath(path))
  await expect(refused).rejects.toThrow(Failed)
  await expect(refused).rejects.toThrow(
    `made-tool 1.2.3 from ${server.url}${ARCHIVE_PATH} is not the file that is pinned, and was not unpacked: its SHA-256 is ${sha256Of(other)}, and it should be ${expected}.`,
  )
  expect(existsSync(join(place.folder, 'compiled'))).toBe(false)
  expect(readdirSync(join(place.options.folder, TOOL, VERSION))).toEqual([])
  expect(place.said.findings).toEqual([])
})

test('a file that ends too early has another hash', async () => {
  using place = released(ARCHIVE.subarray(0, 100), { sha256: sha256Of(ARCHIVE) })
  await expect(find(place)).rejects.toThrow('is not the file that is pinned')
})

test('an archive that is broken although its hash is right is a sentence', async () => {
  using place = released(ARCHIVE.subarray(0, 100))
  await expect(find(place)).rejects.toThrow(/made-tool\.tar\.gz could not be unpacked: .*(unexpected end|EOF)/)
})

test('an archive whose entries lead out of the folder writes nothing there', async () => {
  const evil = archiveOf({ [TOOL]: script(VERSION), escaped: 'out' }, '-z', '--transform=s,^./escaped,../../escaped,')
  using place = released(evil, { binary: TOOL })
  await expect(find(place)).rejects.toThrow(/could not be unpacked: .*'\.\.'/)
  const everything = readdirSync(place.folder, { recursive: true, encoding: 'utf8' })
  expect(everything.filter((name) => name.includes('escaped'))).toEqual([])
})

test('an archive without the program is a sentence', async () => {
  using place = released(archiveOf({ 'another-tool': script(VERSION) }))
  await expect(find(place)).rejects.toThrow(
    `made-tool 1.2.3 from ${server.url}${ARCHIVE_PATH} holds no program made-tool-1.2.3/made-tool.`,
  )
})

test('an archive in which the program is a folder, or leads nowhere, is a sentence', async () => {
  using folder = released(archiveOf({ [`${TOOL}/file`]: '' }), { binary: TOOL })
  await expect(find(folder)).rejects.toThrow('holds no program')

  using link = installation({})
  mkdirSync(join(link.folder, 'tree'))
  symlinkSync('/nowhere', join(link.folder, 'tree', TOOL))
  execFileSync('tar', ['-czf', join(link.folder, 'archive'), '-C', join(link.folder, 'tree'), '.'])
  const archive = execFileSync('cat', [join(link.folder, 'archive')])
  using place = released(archive, { binary: TOOL })
  await expect(find(place)).rejects.toThrow('holds no program')
})

test('where neither a download nor cargo is there, the sentence says what to do', async () => {
  using place = installation(pinned({ sha256: '' }))
  await expect(find(place, { environment: { PATH: place.folder } })).rejects.toThrow(
    `made-tool 1.2.3 cannot be downloaded: ${server.url}${ARCHIVE_PATH}: the server answered with status 404. Put made-tool on the PATH, or name a server that has it with tools-mirror.`,
  )
})

test('xz that is missing is named before anything is downloaded', async () => {
  using place = released(ARCHIVE, { fileName: 'made-tool.tar.xz' })
  await expect(find(place, { environment: { PATH: place.folder } })).rejects.toThrow(
    'its archive needs xz, which is not on the PATH',
  )
  expect(server.asked).toEqual([])
})

test('a tool that is no crate has no other way than a download', async () => {
  using place = installation(pinned({ sha256: '', isCrate: false }))
  writeProgram(join(place.folder, 'bin/cargo'), `#!/bin/sh\ntouch ${place.folder}/compiled\n`)
  await expect(find(place, withOnPath(join(place.folder, 'bin')))).rejects.toThrow(
    'cannot be downloaded: http://127.0.0.1',
  )
  expect(existsSync(join(place.folder, 'compiled'))).toBe(false)
})

test('a tool without a release for this system says so', async () => {
  using place = installation({ [TOOL]: { version: VERSION, asks: undefined, isCrate: false, pins: {} } })
  await expect(find(place)).rejects.toThrow(`no release for ${process.platform}-${process.arch} is pinned.`)
})

test('cancelling ends the search and leaves nothing behind', async () => {
  using place = released()
  const stop = new AbortController()
  server.answers.set(ARCHIVE_PATH, () => stop.abort())
  await expect(find(place, { signal: stop.signal })).rejects.toThrow(Cancelled)
  expect(readdirSync(join(place.options.folder, TOOL, VERSION))).toEqual([])
})
