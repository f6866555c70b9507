import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../ground/command.ts'
import { runningFolder } from '../ground/folders.ts'
import { kept } from '../ground/machine.ts'
import { Ownership } from '../ground/owner.ts'
import { giveBack, sweep } from '../ground/release.ts'
import { rustupProgram } from './program.ts'

export type RustupHome = AsyncDisposable & {
  folder: string
  /** All that rustup and cargo need to know of the machine, and nothing of how its own rustup is set up. */
  env: Record<string, string>
}

/** A rustup as it is on a machine right after its installation: no toolchain, no settings, nothing downloaded. */
export async function freshRustupHome(): Promise<RustupHome> {
  await sweep()
  const program = await rustupProgram()
  const ownership = new Ownership('rustup')
  const folder = join(runningFolder(), ownership.id)
  ownership.holds({ kind: 'folder', path: folder })
  const cargoHome = join(folder, 'cargo')
  mkdirSync(folder, { recursive: true })
  const env = {
    ...kept(),
    PATH: `${join(cargoHome, 'bin')}:${process.env.PATH}`,
    HOME: folder,
    CARGO_HOME: cargoHome,
    RUSTUP_HOME: join(folder, 'rustup'),
  }
  // rustup installs itself when it is called by this name.
  const installer = join(folder, 'rustup-init')
  symlinkSync(program, installer)
  await run([installer, '-y', '--quiet', '--no-modify-path', '--default-toolchain', 'none'], {
    // Rust may be installed on this machine, and root's home is elsewhere.
    env: { ...env, RUSTUP_INIT_SKIP_PATH_CHECK: 'yes' },
  })
  return { folder, env, [Symbol.asyncDispose]: () => ownership.release(giveBack) }
}
