import { writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { sha256Of } from './digest.ts'
import { sumsOf } from './sums.ts'
import { unwritable } from './unwritable.ts'

/** For people who take the files from the disk; an artifact has its own. */
export async function writeSums(folder: string, paths: readonly string[], signal: AbortSignal): Promise<void> {
  const files = []
  for (const path of paths) files.push({ name: basename(path), sha256: await sha256Of(path, signal) })
  const path = join(folder, 'SHA256SUMS')
  await writeFile(path, sumsOf(files)).catch((cause: unknown) => {
    throw unwritable(path, cause)
  })
}
