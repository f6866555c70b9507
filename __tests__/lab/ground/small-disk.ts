import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './command.ts'
import { runningFolder } from './folders.ts'
import { Ownership } from './owner.ts'
import { giveBack, sweep } from './release.ts'

/** A real file system of a few megabytes, which can really be full. */
export async function smallDisk(bytes: number): Promise<AsyncDisposable & { folder: string }> {
  await sweep()
  const ownership = new Ownership('disk')
  const folder = join(runningFolder(), ownership.id)
  ownership.holds({ kind: 'folder', path: folder })
  mkdirSync(folder, { recursive: true })
  ownership.holds({ kind: 'mount', path: folder })
  await run(['mount', '-t', 'tmpfs', '-o', `size=${bytes}`, 'rust-deploy-lab', folder])
  return { folder, [Symbol.asyncDispose]: () => ownership.release(giveBack) }
}
