import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Environment } from '../../process/environment.ts'
import { Failed, Lacking } from '../../report/ending.ts'
import type { Log } from '../../report/log.ts'
import { download, type Patience } from '../download/download.ts'
import { folderOf, hasProgram } from '../programs.ts'
import { addressOf } from './address.ts'
import { compile } from './compile.ts'
import type { PinnedTool, System } from './pins.ts'
import { beginning, keep } from './store.ts'
import { unpack, whyNotUnpacked } from './unpack.ts'
import { versionOf } from './version.ts'

export type InstallOptions = {
  tool: string
  pinned: PinnedTool
  environment: Environment
  /** Where all downloads come from; empty when each comes from its home. */
  mirror: string
  /** Where tools are kept between runs: RUNNER_TOOL_CACHE on a runner. */
  folder: string
  /** A folder of this run, from which programs can be started. */
  scratch: string
  log: Log
  signal: AbortSignal
  patience?: Patience
  /** Throws where it would be in vain: of all ways to a tool this one takes minutes. */
  beforeCompiling?: () => Promise<void>
}

export type InstalledTool = { path: string; version: string; source: 'download' | 'compiled' }

/** The folder with the program in it, before it is in its place. */
type Made = { folder: string; source: InstalledTool['source'] }

/** Downloads a pinned tool or, where that is impossible, says so and compiles it. */
export async function install(options: InstallOptions): Promise<InstalledTool> {
  const { tool, folder, scratch, log, pinned } = options
  const place = { folder, tool, version: pinned.version }
  const begun = await beginning(place)
  if (begun === undefined) log.info(`${folder} cannot be written, so ${tool} is installed for this run only.`)
  try {
    const work = await mkdtemp(join(scratch, `${tool}-`))
    const root = join(begun ?? work, 'root')
    await mkdir(root)
    const made = await make(options, work, root)
    const kept = begun === undefined ? made.folder : await keep(made.folder, place)
    return { path: join(kept, tool), version: pinned.version, source: made.source }
  } catch (error) {
    throw explained(error, tool)
  } finally {
    if (begun !== undefined) await rm(begun, { recursive: true, force: true })
  }
}

async function make(options: InstallOptions, work: string, root: string): Promise<Made> {
  const downloaded = await fromItsRelease(options, work, root)
  if ('folder' in downloaded) return { folder: downloaded.folder, source: 'download' }

  const { tool, environment, log, signal, pinned } = options
  const problem = `${tool} ${pinned.version} cannot be downloaded: ${downloaded.impossible}`
  const place = pinned.asks === undefined ? 'into the tool folder (docs/tools-mirror.md)' : 'on the PATH'
  const remedy = `put ${tool} ${place}, or name a server that has it with tools-mirror`
  if (!pinned.isCrate || folderOf('cargo', environment) === undefined) throw new Lacking(problem, remedy)
  await options.beforeCompiling?.()
  log.finding({
    level: 'warning',
    title: `${tool} is compiled`,
    message: `${problem}. So cargo compiles it now, which can take minutes; to spare that, ${remedy}.`,
  })
  await compile({ tool, version: pinned.version, scratch: work, root, environment, log, signal })
  const folder = join(root, 'bin')
  if (await runs(options, folder)) return { folder, source: 'compiled' }
  throw new Lacking(`${tool} ${pinned.version} was compiled, but what came out does not run here`, remedy)
}

/** A file with another hash than the pinned one ends the run: it is neither unpacked nor made up for by compiling. */
async function fromItsRelease(
  options: InstallOptions,
  work: string,
  root: string,
): Promise<{ folder: string } | { impossible: string }> {
  const { tool, environment, mirror, log, signal, pinned, patience } = options
  const system: System = `${process.platform}-${process.arch}`
  const pin = pinned.pins[system]
  if (pin === undefined) return { impossible: `no release for ${system} is pinned` }
  const url = addressOf({ url: pin.url, tool, version: pinned.version, mirror })
  const archive = join(work, basename(url.pathname))
  const whyNot = whyNotUnpacked(archive, environment)
  if (whyNot !== undefined) return { impossible: whyNot }

  log.info(`Downloading ${tool} ${pinned.version} from ${url}.`)
  const got = await download({ url, file: archive, log, signal, ...(patience && { patience }) })
  if (got.kind === 'unreachable') return { impossible: `${url}: ${got.why}` }
  if (got.sha256 !== pin.sha256) {
    throw new Failed(
      `${tool} ${pinned.version} from ${url} is not the file that is pinned, and was not unpacked: its SHA-256 is ${got.sha256}, and it should be ${pin.sha256}. Check the mirror or the proxy that it came through.`,
    )
  }
  await unpack({ archive, folder: root, environment, signal })
  await rm(archive)
  const folder = dirname(join(root, pin.binary))
  if (!hasProgram(folder, tool)) {
    throw new Failed(`${tool} ${pinned.version} from ${url} holds no program ${pin.binary}. Report this, please.`)
  }
  return (await runs(options, folder)) ? { folder } : { impossible: `the program from ${url} does not run here` }
}

/** A right hash says what it is, and not that this machine has the C library that it was linked with. */
async function runs({ tool, environment, signal, pinned }: InstallOptions, folder: string): Promise<boolean> {
  if (pinned.asks === undefined) return hasProgram(folder, tool)
  const said = await versionOf({ program: join(folder, tool), args: pinned.asks, environment, signal })
  return said === pinned.version
}

function explained(error: unknown, tool: string): unknown {
  if (!(error instanceof Error) || !('syscall' in error)) return error
  return new Failed(`${tool} could not be installed: ${error.message}. Make room there, and check the rights.`, {
    cause: error,
  })
}
