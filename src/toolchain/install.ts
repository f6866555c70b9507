import { isAbsolute, join } from 'node:path'
import type { Environment } from '../process/environment.ts'
import { Refused } from '../report/ending.ts'
import { isOfficial } from './names.ts'
import { addParts, installedParts } from './parts.ts'
import { cargoBin, folderOf, hasProgram, searchedFirst, searchedFolders } from './programs.ts'
import { askRustup, letRustup, type RustupOptions, rustupFailed, tryRustup } from './rustup.ts'
import { isConflict } from './rustup-failure.ts'
import { installRustup, type RustupInitOptions } from './rustup-init.ts'
import type { WantedToolchain } from './wanted.ts'

export type ToolchainOptions = RustupInitOptions & { wanted: WantedToolchain }

export type InstalledToolchain = {
  /** What every child must get on top of its environment. */
  environment: Environment
  /** Whether rustup is in charge of what these children use. */
  hasRustup: boolean
  /** What was not here before. */
  installed: readonly string[]
}

/** Makes sure that the wanted toolchain is here with its parts, and says how to reach it. Asks no server if it is. */
export async function installToolchain(options: ToolchainOptions): Promise<InstalledToolchain> {
  const { wanted, environment } = options
  if (wanted.toolchain !== undefined && isAbsolute(wanted.toolchain)) return usePath(options, wanted.toolchain)
  if (wanted.toolchain === undefined && hasOtherCargo(environment)) return useDistribution(options)

  const found = rustupFolder(environment)
  const version = found === undefined ? await installRustup(options) : undefined
  const reach = reaching(found ?? cargoBin(environment), environment)
  const rustup = { ...options, environment: { ...environment, ...reach } }
  const toolchain = wanted.toolchain ?? (await activeToolchain(rustup)) ?? 'stable'
  const own = { ...reach, RUSTUP_TOOLCHAIN: toolchain }
  const parts = await ensureToolchain({ ...options, environment: { ...environment, ...own } }, toolchain)
  return { environment: own, hasRustup: true, installed: version ? [`rustup ${version}`, ...parts] : parts }
}

/** The arguments that install a toolchain with all of its parts at once, so that rustup finds a nightly that has them. */
export function installArguments(toolchain: string, { components, targets, profile = 'minimal' }: WantedToolchain) {
  return [
    ...['toolchain', 'install', toolchain, '--profile', profile],
    // A rustup of the distribution may not, and one that is older than its toolchains is none of our business.
    '--no-self-update',
    ...components.flatMap((name) => ['--component', name]),
    ...targets.flatMap((name) => ['--target', name]),
  ]
}

async function ensureToolchain(options: ToolchainOptions, toolchain: string): Promise<string[]> {
  const { wanted, log } = options
  const { components, targets } = wanted
  if ((await installedParts(options, toolchain)) !== undefined) {
    return addParts({ ...options, components, targets, hasRustup: true })
  }
  if (!isOfficial(toolchain)) {
    throw new Refused(
      `${wisher(wanted)} names the toolchain \`${toolchain}\`, which is none that rustup could download and is not linked on this machine: write a channel or a version, such as \`stable\`, or link it with \`rustup toolchain link\`.`,
    )
  }
  const chosen = wanted.toolchain === undefined ? 'none is chosen here' : `named by ${wisher(wanted)}`
  log.info(`Installing Rust ${toolchain} (${chosen}).`)
  await installAnew(options, toolchain)
  return [`Rust ${toolchain}`, ...components, ...targets]
}

async function installAnew(options: ToolchainOptions, toolchain: string): Promise<void> {
  const { wanted, log } = options
  const args = installArguments(toolchain, wanted)
  const stderr = await tryRustup(options, args)
  if (stderr === undefined) return
  if (!isConflict(stderr)) throw rustupFailed(options, args, stderr, wisher(wanted))
  log.info(`An earlier installation of Rust ${toolchain} was cut off; what is left of it is removed first.`)
  await letRustup(options, ['toolchain', 'uninstall', toolchain])
  await letRustup(options, args, wisher(wanted))
}

/** A toolchain of its own is used as it is. */
async function usePath(options: ToolchainOptions, path: string): Promise<InstalledToolchain> {
  const { wanted, environment } = options
  const bin = join(path, 'bin')
  if (!hasProgram(bin, 'rustc')) {
    throw new Refused(
      `${wisher(wanted)} names the toolchain at ${path}, but there is no bin/rustc in it: check the path, or build the toolchain first.`,
    )
  }
  const found = rustupFolder(environment)
  // Through rustup, if it is here, since it lends such a toolchain a cargo when it has none of its own.
  const own =
    found === undefined ? searchedFirst(bin, environment) : { ...reaching(found, environment), RUSTUP_TOOLCHAIN: path }
  const hasRustup = found !== undefined
  await addParts({ ...options, ...wanted, environment: { ...environment, ...own }, hasRustup })
  return { environment: own, hasRustup, installed: [] }
}

async function useDistribution(options: ToolchainOptions): Promise<InstalledToolchain> {
  await addParts({ ...options, ...options.wanted, hasRustup: false })
  return { environment: {}, hasRustup: false, installed: [] }
}

/** Whether the cargo that a shell would start is none of rustup's stand-ins. */
function hasOtherCargo(environment: Environment): boolean {
  const folder = folderOf('cargo', environment)
  return folder !== undefined && !hasProgram(folder, 'rustup')
}

/** The folder with rustup and its stand-ins, which need not be on the PATH. */
function rustupFolder(environment: Environment): string | undefined {
  return [...searchedFolders(environment), cargoBin(environment)].find(
    (folder) => hasProgram(folder, 'rustup') && hasProgram(folder, 'cargo'),
  )
}

function reaching(folder: string, environment: Environment): Record<string, string> {
  return folderOf('cargo', environment) === folder ? {} : searchedFirst(folder, environment)
}

/** The toolchain that rustup would take here by itself: one set for this folder, or its default. */
async function activeToolchain(options: RustupOptions): Promise<string | undefined> {
  const { code, stdout, stderr } = await askRustup(options, ['show', 'active-toolchain'])
  if (code === 0) return stdout.trim().split(/\s/)[0] || undefined
  return /toolchain '([^']+)' is not installed/.exec(stderr)?.[1]
}

function wisher({ from }: WantedToolchain): string {
  if (from === 'setting') return '`toolchain`'
  if (from === 'environment') return 'RUSTUP_TOOLCHAIN'
  return from === 'default' ? "rustup's own default" : from
}
