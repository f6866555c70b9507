import { mkdir, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from '../process/command.ts'
import type { Environment } from '../process/environment.ts'
import { runTool } from '../process/tool.ts'
import { Failed } from '../report/ending.ts'

/** The name is part of what the cache service knows an archive by: another format of ours needs another name. */
export const ARCHIVE = 'rust-deploy-1.archive'
const LIST = 'entries'

/** A window of 128 MiB, the largest that a decompressor takes without being told. It finds each rmeta in its rlib. */
const WINDOW = '--long=27'
/** An archive is written when dependencies change, and read in every run until then. */
const LEVEL = '-9'

export type ArchiveOptions = {
  /** Where the archive is, or is made. */
  place: string
  environment: Environment
  signal: AbortSignal
}

/** Archives these paths below a folder, with their times to the nanosecond. What is there is only read. */
export async function pack(folder: string, paths: readonly string[], options: ArchiveOptions): Promise<void> {
  // Behind `./` no name is taken for an option.
  await writeFile(join(options.place, LIST), paths.map((path) => `./${path}\0`).join(''))
  await tar(packArguments(folder, await hasZstd(options)), options)
}

/** Unpacks an archive of unknown origin into a new folder; nothing in it reaches outside of that. */
export async function unpack(folder: string, options: ArchiveOptions): Promise<void> {
  await mkdir(folder, { recursive: true })
  await tar(unpackArguments(folder, await startOf(join(options.place, ARCHIVE))), options)
}

export function packArguments(folder: string, zstd: boolean): string[] {
  return [
    ...['--create', '--format=pax', '--file', ARCHIVE],
    ...(zstd ? ['--use-compress-program', `zstd -T0 ${LEVEL} ${WINDOW}`] : ['--gzip']),
    ...['--directory', folder, '--null', '--files-from', LIST],
  ]
}

export function unpackArguments(folder: string, start: Buffer): string[] {
  return [
    // Never with --absolute-names, without which tar lets no name and no link lead out of the folder.
    ...['--extract', '--file', ARCHIVE, '--no-same-owner', '--no-same-permissions'],
    ...decompression(start),
    ...['--directory', folder],
  ]
}

function decompression(start: Buffer): string[] {
  if (start.subarray(0, 4).equals(ZSTD)) return ['--use-compress-program', `zstd -d ${WINDOW}`]
  if (start.subarray(0, 2).equals(GZIP)) return ['--gzip']
  throw new Failed('what came is no archive of rust-deploy')
}

const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd])
const GZIP = Buffer.from([0x1f, 0x8b])

async function startOf(path: string): Promise<Buffer> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

async function tar(args: readonly string[], { place, environment, signal }: ArchiveOptions): Promise<void> {
  const { code, stderr } = await runTool({ file: 'tar', args, cwd: place, env: environment, signal })
  if (code !== 0) throw new Failed(`tar ended with ${code}: ${stderr.trim().split('\n')[0]}`)
}

async function hasZstd({ environment, signal }: ArchiveOptions): Promise<boolean> {
  return (await runCommand({ file: 'zstd', args: ['--version'], env: environment, signal })).kind === 'exited'
}
