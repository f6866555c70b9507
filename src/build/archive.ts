import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { Binary } from '../report/binary.ts'
import { Cancelled, Failed, Refused } from '../report/ending.ts'
import { endOf, headerOf, paddingOf } from './tar.ts'
import { unwritable } from './unwritable.ts'

export type ArchiveOptions = {
  folder: string
  binary: Pick<Binary, 'name' | 'version' | 'path'> & { target: string }
  /** What goes with the binary, each under its name relative to the archive's one folder. */
  files: readonly { path: string; name: string; mode: number }[]
  /** What every member is dated, in seconds since 1970: the commit's time. */
  time: number
  signal: AbortSignal
}

/**
 * Packs the binary and its files into `<bin>-<version>-<target>.tar.gz`. The tar is the same for the same commit; so is
 * the whole for one version of Node on one kind of processor, since its zlib is what decides on the compressed bytes.
 */
export async function packArchive(options: ArchiveOptions): Promise<string> {
  const { folder, binary, signal } = options
  const name = `${binary.name}-${binary.version}-${binary.target}`
  const path = join(folder, `${name}.tar.gz`)
  const unfinished = `${path}.unfinished`
  const members = membersOf(options)
  try {
    await mkdir(folder, { recursive: true })
    const tar = tarOf(name, members, options.time)
    await pipeline(tar, createGzip(), createWriteStream(unfinished), { signal })
    await rename(unfinished, path)
    return path
  } catch (error) {
    // Why it failed is more than that nothing could be cleared away.
    await rm(unfinished, { force: true }).catch(() => {})
    if (signal.aborted) throw new Cancelled('Packing the archive was stopped.')
    if (error instanceof Failed || !(error instanceof Error)) throw error
    throw unwritable(`The archive ${path}`, error)
  }
}

type File = { path: string; name: string; mode: number }

/** Refuses a file that would stand where the binary does: known as soon as the files are. */
export function checkPlace(binary: string, files: readonly { name: string }[]): void {
  const clash = files.find(({ name }) => name === binary || name.startsWith(`${binary}/`))
  if (clash === undefined) return
  throw new Refused(
    `\`files\` brings ${JSON.stringify(clash.name)}, and the binary \`${binary}\` is to stand there: leave it out with \`!${clash.name}\`, or rename it.`,
  )
}

function membersOf({ binary, files }: ArchiveOptions): File[] {
  const name = binary.path.endsWith('.exe') ? `${binary.name}.exe` : binary.name
  checkPlace(name, files)
  const members = [{ path: binary.path, name, mode: 0o755 }, ...files]
  return members.sort((one, other) => Buffer.compare(Buffer.from(one.name), Buffer.from(other.name)))
}

async function* tarOf(top: string, members: readonly File[], time: number): AsyncGenerator<Buffer> {
  let written = 0
  const counted = (bytes: Buffer) => {
    written += bytes.length
    return bytes
  }
  const folders = new Set<string>()
  for (const { path, name, mode } of members) {
    for (const folder of [top, ...parentsOf(name).map((parent) => `${top}/${parent}`)]) {
      if (folders.has(folder)) continue
      folders.add(folder)
      yield counted(headerOf({ kind: 'folder', name: folder, size: 0, mode: 0o755, time }))
    }
    const { size } = await stat(path).catch((cause: unknown) => unreadable(path, cause))
    yield counted(headerOf({ kind: 'file', name: `${top}/${name}`, size, mode, time }))
    let read = 0
    for await (const chunk of bytesOf(path)) {
      read += chunk.length
      if (read > size) break
      yield counted(chunk)
    }
    if (read !== size) {
      throw new Failed(`${path} changed while it was being packed: see that nothing writes to it, and run it again.`)
    }
    yield counted(paddingOf(size))
  }
  yield endOf(written)
}

/** That a member cannot be read is no fault of the place where the archive goes. */
async function* bytesOf(path: string): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(path) as AsyncIterable<Buffer>
  } catch (cause) {
    unreadable(path, cause)
  }
}

function unreadable(path: string, cause: unknown): never {
  const why = cause instanceof Error ? cause.message : String(cause)
  throw new Failed(`${path} could not be packed (${why}): see that it is there, and that this user may read it.`, {
    cause,
  })
}

/** The folders above a name, from the top. */
function parentsOf(name: string): string[] {
  const parent = dirname(name)
  return parent === '.' ? [] : [...parentsOf(parent), parent]
}
