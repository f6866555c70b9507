import { isAbsolute, join } from 'node:path'
import { hasProgram, searchedFolders } from '../programs.ts'
import { type InstallOptions, install } from './install.ts'
import { type PinnedTool, type PinnedTools, pinnedTools } from './pins.ts'
import { keptFolder } from './store.ts'
import { fits, versionOf } from './version.ts'

export type { ToolName } from './pins.ts'

export type FindOptions = Omit<InstallOptions, 'pinned'> & { pins?: PinnedTools }

export type FoundTool = { path: string; version: string; source: 'path' | 'tool-cache' | 'download' | 'compiled' }

/** One of the pinned programs: the machine's own if it fits, one that an earlier run kept, or a new one. */
export async function findTool({ pins = pinnedTools, ...options }: FindOptions): Promise<FoundTool> {
  const pinned = pins[options.tool]
  if (pinned === undefined) throw new Error(`${options.tool} is not a pinned tool`)
  return (await onPath(options, pinned)) ?? kept(options, pinned) ?? (await install({ ...options, pinned }))
}

async function onPath(options: Omit<FindOptions, 'pins'>, pinned: PinnedTool): Promise<FoundTool | undefined> {
  const { tool, environment, log, signal } = options
  const { version, asks } = pinned
  if (asks === undefined) return undefined
  // What is not absolute leads into the project.
  const folders = searchedFolders(environment).filter((folder) => isAbsolute(folder) && hasProgram(folder, tool))
  for (const folder of new Set(folders)) {
    const path = join(folder, tool)
    const own = await versionOf({ program: path, args: asks, environment, signal })
    if (own !== undefined && fits(own, version)) return { path, version: own, source: 'path' }
    const said = own === undefined ? 'says no version' : `is ${own}`
    log.info(`${path} ${said}, and is not used: ${version} is wanted, or a newer one of that line.`)
  }
  return undefined
}

function kept({ tool, folder }: Omit<FindOptions, 'pins'>, { version }: PinnedTool): FoundTool | undefined {
  const found = keptFolder({ folder, tool, version })
  return found === undefined ? undefined : { path: join(found, tool), version, source: 'tool-cache' }
}
