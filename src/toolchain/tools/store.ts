import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { hasProgram } from '../programs.ts'

/**
 * Where a tool is kept between runs. It is the layout of GitHub's own library for tools: `<tool>/<version>/<architecture>`
 * and a mark beside it. That library is not used itself: it takes its folder from the environment of the whole process,
 * and two runs that install the same tool take it away from each other.
 */
export type Place = { folder: string; tool: string; version: string }

/** What was begun so long ago belongs to a run that was killed. */
const ABANDONED_MS = 24 * 60 * 60 * 1000

/** The folder that holds the tool and what belongs to it; undefined when it is not there, or not whole. */
export function keptFolder(place: Place): string | undefined {
  const folder = folderOf(place)
  return existsSync(markOf(folder)) && hasProgram(folder, place.tool) ? folder : undefined
}

/** An empty folder from which one rename leads to the place; undefined when nothing can be written there. */
export async function beginning(place: Place): Promise<string | undefined> {
  const folder = folderOf(place)
  const begun = join(dirname(folder), `.${basename(folder)}-`)
  try {
    await mkdir(dirname(folder), { recursive: true })
    await removeAbandoned(begun)
    return await mkdtemp(begun)
  } catch {
    return undefined
  }
}

/** Puts a finished folder in its place by one rename. Where another run was first, its folder stays. */
export async function keep(finished: string, place: Place): Promise<string> {
  const folder = folderOf(place)
  // In this order: what another run puts there in between has its mark already.
  if (existsSync(folder) && keptFolder(place) === undefined) await rm(folder, { recursive: true, force: true })
  await writeFile(markOf(folder), '')
  try {
    await rename(finished, folder)
  } catch (error) {
    if (keptFolder(place) === undefined) throw error
  }
  return folder
}

function folderOf({ folder, tool, version }: Place): string {
  return join(folder, tool, version, process.arch)
}

function markOf(folder: string): string {
  return `${folder}.complete`
}

async function removeAbandoned(begun: string): Promise<void> {
  for (const name of await readdir(dirname(begun))) {
    const path = join(dirname(begun), name)
    if (!name.startsWith(basename(begun)) || Date.now() - (await stat(path)).mtimeMs < ABANDONED_MS) continue
    await rm(path, { recursive: true, force: true })
  }
}
