import { constants } from 'node:fs'
import { chmod, copyFile, mkdir, rename, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Binary } from '../report/binary.ts'
import { Failed } from '../report/ending.ts'
import { sha256Of } from './digest.ts'

/** A binary and the copy of it that only we know: whatever is said of it is said of that copy. */
export type Apart = { binary: Binary; copy: string }

/**
 * Lays a copy where nothing else builds. What lies in the target folder belongs to everybody: a test can build the same
 * binary with other flags, and would have its own proved and delivered.
 */
export async function layApart(found: Omit<Binary, 'size' | 'sha256'>, folder: string): Promise<Apart> {
  const copy = join(folder, found.target ?? '', basename(found.path))
  try {
    await mkdir(dirname(copy), { recursive: true })
    await copyFile(found.path, copy, constants.COPYFILE_FICLONE)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Failed(`${found.name} was built, but could not be copied to be proved: ${why}.`, { cause })
  }
  const { size } = await stat(copy)
  return { binary: { ...found, size, sha256: await sha256Of(copy) }, copy }
}

/** Gives the target folder what was built, if it has something else by now. Says whether it had. */
export async function putBack({ binary, copy }: Apart, signal: AbortSignal): Promise<boolean> {
  const there = await sha256Of(binary.path, signal).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  if (there === binary.sha256) return false
  const beside = `${binary.path}.rust-deploy`
  await mkdir(dirname(beside), { recursive: true })
  await copyFile(copy, beside, constants.COPYFILE_FICLONE)
  await chmod(beside, 0o755)
  await rename(beside, binary.path)
  return true
}
