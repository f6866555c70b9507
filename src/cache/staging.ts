import { lstat, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Environment } from '../process/environment.ts'
import { runTool } from '../process/tool.ts'
import { Failed } from '../report/ending.ts'
import type { Entry } from './entries.ts'

export type MoveOptions = {
  from: string
  into: string
  entries: readonly Entry[]
  /** What is there already: an entry of one of these units stays behind, since half a unit of each fits nobody. */
  present: readonly Entry[]
  environment: Environment
  signal: AbortSignal
}

/** Moves entries to their place, each at once or not at all, and gives how many were moved. Nothing is overwritten. */
export async function moveIn({ from, into, entries, present, environment, signal }: MoveOptions): Promise<number> {
  const taken = new Set(present.map(({ unit }) => unit))
  const wanted = entries.filter(({ unit }) => !taken.has(unit))
  for (const { path } of wanted) {
    signal.throwIfAborted()
    const place = join(into, path)
    if (await exists(place)) continue
    await mkdir(dirname(place), { recursive: true })
    await rename(join(from, path), place).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EXDEV') throw error
      return copy(join(from, path), place, environment, signal)
    })
  }
  return wanted.length
}

/** To another disk. Node's own copy rounds the times, and cargo compares them. */
async function copy(from: string, place: string, env: Environment, signal: AbortSignal): Promise<void> {
  const partial = `${place}.rust-deploy-partial`
  try {
    const { code, stderr } = await runTool({ file: 'cp', args: ['-pPR', from, partial], env, signal })
    if (code !== 0) throw new Failed(`cp ended with ${code}: ${stderr.trim()}`)
    await rename(partial, place)
  } catch (error) {
    await discard(partial)
    throw error
  }
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}

/** Takes away what was ours for a while. What cannot go is no reason to fail: its place is cleared before it is used. */
export async function discard(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true }).catch(() => {})
}
