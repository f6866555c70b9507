import { chmodSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { run } from '../ground/command.ts'

export type SeedFile = { path: string; content: string | Uint8Array; mode: number }

/**
 * The two disks of a machine as image files: `system` takes every change to the shared tree, `srv` is mounted at /srv.
 * Both are real ext4 of a fixed size, so that they can really be full, and sparse, so that they cost little.
 */
export async function makeDisks(folder: string, srvBytes: number, seed: readonly SeedFile[]): Promise<void> {
  for (const mountPoint of ['system', 'root']) mkdirSync(join(folder, mountPoint))
  const seedFolder = join(folder, 'seed')
  // The modes count: they become those of / and /etc, whatever the umask is here.
  for (const path of ['upper', 'work', ...foldersOf(seed)]) {
    mkdirSync(join(seedFolder, path), { recursive: true })
    chmodSync(join(seedFolder, path), 0o755)
  }
  for (const { path, content, mode } of seed) {
    const file = join(seedFolder, 'upper', path)
    writeFileSync(file, content)
    chmodSync(file, mode)
  }
  await makeImage(join(folder, 'system.img'), 4 * 1024 ** 3, ['-d', seedFolder])
  await makeImage(join(folder, 'srv.img'), srvBytes, [])
  rmSync(seedFolder, { recursive: true })
}

async function makeImage(path: string, bytes: number, args: readonly string[]): Promise<void> {
  writeFileSync(path, '')
  truncateSync(path, bytes)
  // No blocks kept for root: when it is full, it is full for everybody.
  await run(['mkfs.ext4', '-q', '-F', '-m', '0', ...args, path])
}

function foldersOf(seed: readonly SeedFile[]): string[] {
  const folders = new Set<string>()
  for (const { path } of seed) {
    for (let folder = dirname(join('upper', path)); folder !== 'upper'; folder = dirname(folder)) folders.add(folder)
  }
  return [...folders].sort()
}
