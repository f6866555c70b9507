import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, renameSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { removeFolder } from '../../remove-folder.ts'
import { cacheFolder } from './folders.ts'
import { oneAtATime } from './single.ts'

/** What nobody has used for so long goes when something newer is made; sooner, another checkout may be using it. */
const KEPT_MS = 3 * 24 * 60 * 60 * 1000

/**
 * A folder that is made once and kept. Its name carries the hash of its recipe, so a changed recipe makes a new one. It
 * appears by one rename: a folder that is there is whole, whoever was killed while making it.
 */
export async function cached(name: string, recipe: unknown, make: (folder: string) => Promise<void>): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(recipe)).digest('hex').slice(0, 12)
  const folder = join(cacheFolder(), `${name}-${hash}`)
  if (existsSync(folder)) {
    markUsed(folder)
    return folder
  }
  return oneAtATime(name, async () => {
    if (existsSync(folder)) return folder
    removeUnused(name)
    // Of a making that was killed; nobody else makes this now.
    const partial = `${folder}.partial`
    removeFolder(partial)
    mkdirSync(partial, { recursive: true })
    await make(partial)
    renameSync(partial, folder)
    markUsed(folder)
    return folder
  })
}

function markUsed(folder: string): void {
  const now = new Date()
  utimesSync(folder, now, now)
}

function removeUnused(name: string): void {
  const ours = new RegExp(`^${name}-[0-9a-f]{12}(\\.partial)?$`)
  for (const entry of readdirSync(cacheFolder()).filter((candidate) => ours.test(candidate))) {
    const path = join(cacheFolder(), entry)
    if (Date.now() - statSync(path).mtimeMs > KEPT_MS) removeFolder(path)
  }
}
