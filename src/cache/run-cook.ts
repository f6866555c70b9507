import { rm, writeFile } from 'node:fs/promises'
import { isAbsolute, join, parse, relative, sep } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import type { Environment } from '../process/environment.ts'
import { runTool } from '../process/tool.ts'
import type { Log } from '../report/log.ts'
import { type CookCall, type CookPlan, cargoAbilities, cookCalls, cookConfig } from './cook.ts'
import type { LocalPackages } from './local-packages.ts'
import { builtOnProject, type LockFile } from './lock-file.ts'
import { makeSkeleton } from './skeleton.ts'
import { type CacheUnit, readCacheUnit } from './units.ts'

export type CookOptions = {
  /** Where cargo is run for the project. */
  directory: string
  local: LocalPackages
  lock: LockFile
  plan: CookPlan
  /** As cargo prints it: `1.95.0`. */
  cargoVersion: string
  /** Of the project itself, as `cargo metadata` tells it. */
  buildDirectory: string
  /** An existing folder outside the checkout. */
  scratch: string
  environments: CookEnvironments
  log: Log
  signal: AbortSignal
}

/** The same that the gates and the build of each triple get later: flags are part of what is compiled. */
export type CookEnvironments = { gates: Environment; builds: Readonly<Record<string, Environment>> }

export type Cooked = {
  units: readonly CacheUnit[]
  /** All that the plan needs from elsewhere is there. What is missing the run compiles itself. */
  complete: boolean
}

/** No project has as many; a procedural macro that prints our messages could. */
const MOST_UNITS = 200_000

/** Compiles the dependencies into the project's own build directory, without any code of the project. */
export async function runCook(options: CookOptions): Promise<Cooked> {
  const { lock, plan, log } = options
  const tied = builtOnProject(lock)
  if (tied.size > 0) log.info(`Compiled in every run, since they are built on the project: ${[...tied].join(', ')}`)
  const { folder, manifest } = await makeSkeleton(options)
  const cargo = cargoAbilities(options.cargoVersion)
  const units: CacheUnit[] = []
  const take = (unit: CacheUnit) => {
    if (units.length < MOST_UNITS) units.push(unit)
  }
  try {
    const config = join(folder, 'cook.toml')
    const own = lock.filter(({ source }) => source === undefined)
    await writeFile(config, cookConfig(plan, own))
    // cargo puts what it finishes into the target directory, and nobody must ever find a stand-in there.
    const places = cargo.hasBuildDirectory
      ? { CARGO_TARGET_DIR: join(folder, 'target'), CARGO_BUILD_BUILD_DIR: options.buildDirectory }
      : { CARGO_TARGET_DIR: options.buildDirectory }
    const expected = new Set([...own.map(({ name }) => name), ...[...tied].map((each) => each.replace(/ .*/, ''))])
    let complete = true
    for (const call of cookCalls(plan, { manifest, config, cargo })) {
      const broken = await runCall(call, { ...options, tied, places, take })
      // That these cannot be compiled here says nothing: they need the code that is not there.
      const unexpected = cargo.keepsGoing ? broken.filter((name) => !expected.has(name)) : broken
      if (unexpected.length > 0) log.info(`Left to the run itself: ${unexpected.join(', ')}`)
      complete &&= unexpected.length === 0
    }
    return { units, complete }
  } finally {
    if (!cargo.hasBuildDirectory) await removeFinished(units, options.buildDirectory)
    await rm(folder, { recursive: true, force: true })
  }
}

type Running = CookOptions & {
  tied: ReadonlySet<string>
  places: Environment
  take: (unit: CacheUnit) => void
}

/** The names of the packages that could not be compiled; what else went wrong stands for a name. */
async function runCall({ purpose, file, args }: CookCall, options: Running): Promise<string[]> {
  const { environments, places, tied, take, log } = options
  const broken = new Set<string>()
  const { code, stderr } = await runTool({
    file,
    args,
    cwd: options.directory,
    env: { ...(environments.builds[purpose] ?? environments.gates), ...places, CARGO_INCREMENTAL: '0' },
    signal: options.signal,
    onLine: (line, stream) => {
      if (stream === 'stdout') {
        const unit = readCacheUnit(line, tied)
        if (unit !== undefined) take(unit)
        return
      }
      const plain = stripVTControlCharacters(line)
      const name = BROKEN.exec(plain)?.[1]
      if (name !== undefined) broken.add(name)
      // Of what is wrong with a stand-in nobody needs to hear, and of all else the run itself will tell.
      if (PROGRESS.test(plain)) log.output(line)
    },
  })
  if (code === 0) return []
  const why = /^error: (.*)/m.exec(stripVTControlCharacters(stderr))?.[1] ?? `${file} ended with ${code}`
  return broken.size > 0 ? [...broken] : [why]
}

const BROKEN = /^error: (?:could not compile|failed to run custom build command for) `([^` ]+)/
const PROGRESS = /^ *(Compiling|Checking|Finished|Blocking) /

/**
 * Before 1.91 the finished stand-ins lie where the finished project would: what cargo says that it put there is removed.
 * cargo puts the real ones there in every build, also where it has nothing to compile.
 */
async function removeFinished(units: readonly CacheUnit[], targetDirectory: string): Promise<void> {
  for (const file of units.flatMap(({ isLocal, files }) => (isLocal ? files : []))) {
    const way = relative(targetDirectory, file)
    const folders = way.split(sep)
    if (way.startsWith('..') || isAbsolute(way) || folders.some((name) => KEPT_INSIDE.includes(name))) continue
    const { dir, name } = parse(file)
    // A procedural macro can print what looks like a message of cargo's, and name a folder.
    for (const each of [file, join(dir, `${name}.d`)]) await rm(each, { force: true }).catch(() => {})
  }
}

const KEPT_INSIDE = ['deps', 'build', '.fingerprint']
