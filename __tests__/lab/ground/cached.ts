import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from './folders.ts'
import { oneAtATime } from './single.ts'

/**
 * A folder that is made once and kept. Its name carries the hash of its recipe, so a changed recipe makes a new one and
 * removes the old. It appears by one rename: a folder that is there is whole, whoever was killed while making it.
 */
export async function cached(name: string, recipe: unknown, make: (folder: string) => Promise<void>): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(recipe)).digest('hex').slice(0, 12)
  const folder = join(cacheFolder(), `${name}-${hash}`)
  if (existsSync(folder)) return folder
  return oneAtATime(name, async () => {
    if (existsSync(folder)) return folder
    for (const old of readdirSync(cacheFolder())) {
      if (new RegExp(`^${name}-[0-9a-f]{12}(\\.partial)?$`).test(old)) {
        rmSync(join(cacheFolder(), old), { recursive: true, force: true })
      }
    }
    const partial = `${folder}.partial`
    mkdirSync(partial, { recursive: true })
    await make(partial)
    renameSync(partial, folder)
    return folder
  })
}
