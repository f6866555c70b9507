import { accessSync, constants, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { cached } from '../ground/cached.ts'
import { run } from '../ground/command.ts'
import { debianPackages } from '../ground/packages.ts'

/**
 * rustup as a wheel for Python; the hash is that of the file whose program is, byte for byte, the one that the Rust
 * project released.
 */
const WHEEL = 'rustup==1.29.0.1 --hash=sha256:47c6d01a6b54b87308fe29ae91633757fb1c5862374e6dd8978955b411bff7e4'

/** The real rustup: the machine's own or, since Debian 12 has none, one from PyPI. */
export async function rustupProgram(): Promise<string> {
  return installedRustup() ?? (await downloadedRustup())
}

export function installedRustup(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const folders = [...(env.PATH ?? '').split(delimiter), join(env.CARGO_HOME ?? join(homedir(), '.cargo'), 'bin')]
  return folders.map((folder) => join(folder, 'rustup')).find(isExecutable)
}

export async function downloadedRustup(): Promise<string> {
  const folder = await cached('rustup-program', WHEEL, async (made) => {
    await debianPackages('python3-pip')
    const wheel = join(made, 'wheel.txt')
    writeFileSync(wheel, WHEEL)
    const pip = ['/usr/bin/python3', '-m', 'pip', 'install', '--quiet', '--no-deps', '--require-hashes'] as const
    await run([...pip, '--only-binary=:all:', '--target', made, '--requirement', wheel])
  })
  return join(folder, 'bin/rustup')
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
