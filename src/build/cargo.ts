import { statfs } from 'node:fs/promises'
import { isAbsolute, relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import type { Environment } from '../process/environment.ts'
import { runTool } from '../process/tool.ts'
import { kindOfVerboseLine } from '../process/verbose-cargo.ts'
import { Failed } from '../report/ending.ts'
import type { Log } from '../report/log.ts'
import { type Apart, layApart } from './apart.ts'
import { buildCommand, type Compilation, fetchArguments } from './arguments.ts'
import { explainFailure } from './failure.ts'
import { readUnit, type Unit } from './messages.ts'

/** Where and how cargo runs. */
export type CargoPlace = {
  directory: string
  targetDirectory: string
  environment: Environment
  hasGitToken: boolean
  signal: AbortSignal
  log: Log
}

export type BuildOptions = CargoPlace &
  Compilation & {
    /** The packages with the ids under which cargo's messages name them. */
    chosen: readonly { id: string; name: string; version: string; binaries: readonly string[] }[]
    /** A folder of ours, for the copies that are proved and delivered. */
    apart: string
    /** Hears every line of cargo's JSON. */
    onMessage?: (line: string) => void
    /** Hears why cargo compiles what was there already, if it is asked to explain that. */
    onReason?: (line: string) => void
  }

export type Built = { binaries: readonly Apart[]; compiled: number; fresh: number }

/** Brings in every dependency. It runs no build script and no macro, so it alone may see tokens. */
export async function cargoFetch(place: CargoPlace, triples: readonly string[]): Promise<void> {
  await cargo(place, { file: 'cargo', args: fetchArguments(triples) }, () => {})
}

/** Compiles, and finds the binaries by what cargo says it made, never by guessing at paths. */
export async function cargoBuild(options: BuildOptions): Promise<Built> {
  const units: Unit[] = []
  const place = options.explains ? { ...options, log: withoutCommands(options) } : options
  await cargo(place, buildCommand(options), (line) => {
    if (!line.startsWith('{')) return options.log.output(line)
    options.onMessage?.(line)
    const unit = readUnit(line)
    if (unit !== undefined) units.push(unit)
  })
  const binaries: Apart[] = []
  for (const { id, name, version, binaries: wanted } of options.chosen) {
    for (const binary of wanted) {
      const made = units.findLast((unit) => unit.isBinary && unit.packageId === id && unit.target === binary)
      const path = made?.executable
      if (path === undefined || !isInside(path, options.targetDirectory)) {
        throw new Failed(`cargo succeeded, but did not say where it put the binary \`${binary}\` of \`${name}\`.`)
      }
      binaries.push(
        await layApart({ package: name, version, name: binary, target: options.target.triple, path }, options.apart),
      )
    }
  }
  const fresh = units.filter((unit) => unit.fresh).length
  return { binaries, fresh, compiled: units.length - fresh }
}

/** The log of a cargo that explains itself, without the hundreds of command lines that this brings along. */
function withoutCommands({ log, onReason }: BuildOptions): Log {
  return {
    ...log,
    output: (line) => {
      const kind = kindOfVerboseLine(line)
      if (kind === 'reason') onReason?.(line)
      else if (kind === 'said') log.output(line)
    },
  }
}

type CargoCall = { file: string; args: readonly string[] }

async function cargo(place: CargoPlace, { file, args }: CargoCall, onStdout: (line: string) => void): Promise<void> {
  const { code, stderr } = await runTool({
    file,
    args,
    cwd: place.directory,
    env: place.environment,
    signal: place.signal,
    onLine: (line, stream) => {
      if (stream === 'stdout') return onStdout(line)
      place.log.output(line)
      noteWarnings(line, place.log)
    },
  })
  if (code === 0) return
  const freeBytes = await statfs(place.targetDirectory).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => undefined,
  )
  throw new Failed(explainFailure({ said: `cargo ${args[0]}`, stderr, freeBytes, ...place }))
}

/** cargo's own count of what a package's code was warned of. The warnings themselves are in the output. */
function noteWarnings(line: string, log: Log): void {
  // A procedural macro prints there too, and as much as it likes.
  const plain = stripVTControlCharacters(line.slice(0, 1000))
  const counted = /^warning: (`.+` \(.+\) generated \d+ warnings?)/.exec(plain)?.[1]
  if (counted !== undefined) log.finding({ level: 'warning', title: 'Compiler warnings', message: counted })
}

/** A proc macro can print what looks like a message of cargo's. */
function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path)
  return way !== '' && !way.startsWith('..') && !isAbsolute(way)
}
