import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cached } from '../ground/cached.ts'
import { debianPackages } from '../ground/packages.ts'
import { debianRust, RUST_PACKAGES } from './mirror/debian-rust.ts'
import { makeMirror } from './mirror/make.ts'

/** The folder of a dist server for rustup, with the Rust of this machine's Debian in it. */
export async function rustupMirror(): Promise<string> {
  await debianPackages(...RUST_PACKAGES)
  const rust = await debianRust()
  return cached('rustup-mirror', { rust, made: howItIsMade() }, (folder) => makeMirror(rust, folder))
}

/** The very code: whatever changes in it may change the mirror. */
function howItIsMade(): string[] {
  const folder = join(import.meta.dirname, 'mirror')
  return readdirSync(folder)
    .toSorted()
    .map((name) => readFileSync(join(folder, name), 'utf8'))
}
