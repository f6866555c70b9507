import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './command.ts'
import { runningFolder } from './folders.ts'
import { Ownership } from './owner.ts'
import { giveBack, sweep } from './release.ts'

/** A real file system of a few megabytes, which can really be full: in a folder of its own, or over one that is there. */
export async function smallDisk(bytes: number, over?: string): Promise<AsyncDisposable & { folder: string }> {
  await sweep()
  const ownership = new Ownership('disk')
  const folder = over ?? join(runningFolder(), ownership.id)
  if (over === undefined) {
    ownership.holds({ kind: 'folder', path: folder })
    mkdirSync(folder, { recursive: true })
  }
  ownership.holds({ kind: 'mount', path: folder })
  await run(['mount', '-t', 'tmpfs', '-o', `size=${bytes}`, 'rust-deploy-lab', folder])
  return { folder, [Symbol.asyncDispose]: () => ownership.release(giveBack) }
}
