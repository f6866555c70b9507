import { mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** What the lab keeps between runs: trees, toolchains and programs that are slow to make. Safe to delete at any time. */
export function cacheFolder(): string {
  const base = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  return made(join(base, 'rust-deploy-lab'))
}

/** One record for each part that is up, so that the next run finds what a killed one left behind. */
export function ownedFolder(): string {
  return made(join(cacheFolder(), 'owned'))
}

/** Where the running parts keep their files. On the disk of the cache, so that a copy of a tree can be a reflink. */
export function runningFolder(): string {
  return made(join(cacheFolder(), 'running'))
}

function made(folder: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return folder
}
