import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Environment } from '../process/environment.ts'
import { runTool } from '../process/tool.ts'
import { Failed } from '../report/ending.ts'
import type { Log } from '../report/log.ts'
import { shownAddress } from './address.ts'
import { download, type Patience } from './download/download.ts'
import { type Machine, rustupTriple, thisMachine } from './machine.ts'
import { explainRustup } from './rustup-failure.ts'
import { RUSTUP_PINS, type RustupPins } from './rustup-pins.ts'

export type RustupInitOptions = {
  directory: string
  environment: Environment
  /** A folder of this run, from which programs can be started. */
  scratch: string
  signal: AbortSignal
  log: Log
  pins?: RustupPins
  machine?: Machine
  pauses?: readonly number[]
  patience?: Patience
}

/** Installs rustup without any toolchain, and gives its version. Nothing is started whose hash is not the pinned one. */
export async function installRustup(options: RustupInitOptions): Promise<string> {
  const { environment, scratch, signal, log, pins = RUSTUP_PINS } = options
  const { machine = await thisMachine() } = options
  const triple = rustupTriple(machine)
  const pin = triple === undefined ? undefined : pins[triple]
  if (triple === undefined || pin === undefined) {
    throw new Failed(
      `There is no rustup to install on this kind of machine (${machine.platform}, ${machine.architecture}): install Rust first (https://rustup.rs).`,
    )
  }
  log.info(`Installing rustup ${pin.version}.`)
  const folder = await mkdtemp(join(scratch, 'rustup-'))
  try {
    // It looks at its own name to know what it is to do.
    const path = join(folder, triple.includes('windows') ? 'rustup-init.exe' : 'rustup-init')
    await fetchInstaller(options, rustupInitUrl(environment, pin.version, triple), path, pin.sha256)
    const { code, stderr } = await runTool({
      file: path,
      args: ['-y', '--no-modify-path', '--default-toolchain', 'none', '--profile', 'minimal'],
      cwd: folder,
      // A cargo of the distribution may stay where it is.
      env: { ...environment, RUSTUP_INIT_SKIP_PATH_CHECK: 'yes', RUST_BACKTRACE: '0' },
      signal,
      onLine: (line) => log.output(line),
    })
    if (code !== 0) throw new Failed(explainRustup({ said: 'rustup-init', stderr, environment }))
    return pin.version
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Where the installer is: with the variables that rustup itself obeys, or at its home. */
export function rustupInitUrl(environment: Environment, version: string, triple: string): string {
  const server = environment['RUSTUP_DIST_SERVER'] || 'https://static.rust-lang.org'
  const root = environment['RUSTUP_UPDATE_ROOT'] || `${server.replace(/\/+$/, '')}/rustup`
  const file = triple.includes('windows') ? 'rustup-init.exe' : 'rustup-init'
  return `${root.replace(/\/+$/, '')}/archive/${version}/${triple}/${file}`
}

async function fetchInstaller(options: RustupInitOptions, url: string, path: string, sha256: string): Promise<void> {
  const { environment, log, signal, patience } = options
  if (!URL.canParse(url)) {
    throw new Failed(`${shownAddress(url)} is no address: check RUSTUP_UPDATE_ROOT and RUSTUP_DIST_SERVER.`)
  }
  const got = await download({ url: new URL(url), file: path, log, signal, ...(patience && { patience }) })
  if (got.kind === 'unreachable') {
    const mirrored = environment['RUSTUP_UPDATE_ROOT'] || environment['RUSTUP_DIST_SERVER']
    throw new Failed(
      `rustup could not be downloaded from ${shownAddress(url)} (${got.why}). Check the network and its proxy, or ${mirrored ? 'whether the mirror in RUSTUP_DIST_SERVER or RUSTUP_UPDATE_ROOT is up and has this file' : 'name a mirror with RUSTUP_DIST_SERVER'}, or install rustup yourself.`,
    )
  }
  if (got.sha256 !== sha256) {
    throw new Failed(
      `${shownAddress(url)} is not the file that was expected, and was not started: its SHA-256 is ${got.sha256}, and ${sha256} is pinned. Check the mirror or proxy that it came through, or install rustup yourself.`,
    )
  }
  await chmod(path, 0o700)
}
