import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { removeFolder } from '../../remove-folder.ts'
import { cached } from '../ground/cached.ts'
import { run } from '../ground/command.ts'
import { cacheFolder } from '../ground/folders.ts'
import { oneAtATime } from '../ground/single.ts'
import { TOOL_CRATES, type ToolCrate } from './crates.ts'

/** Compiling is most of the cost and running them is little of it: no optimiser, nothing for debuggers. */
const CHEAP = { CARGO_PROFILE_DEV_DEBUG: '0', CARGO_PROFILE_DEV_OPT_LEVEL: '0', CARGO_INCREMENTAL: '0' } as const

export function whyNoCargo(): string | undefined {
  return spawnSync('cargo', ['--version']).status === 0 ? undefined : 'it needs cargo'
}

/** The programs by their names: each compiled once and kept by itself, so that a new version compiles only that one. */
export function compiledTools(): Promise<Map<string, string>> {
  return oneAtATime('cargo-tools', async () => {
    // They have many dependencies in common, so they are made one after the other in one place.
    const making = join(cacheFolder(), 'cargo-tools-making')
    const programs = new Map<string, string>()
    for (const crate of TOOL_CRATES) programs.set(crate.name, await compiledTool(crate, making))
    removeFolder(making)
    return programs
  })
}

async function compiledTool({ name, version, args }: ToolCrate, making: string): Promise<string> {
  const folder = await cached(name, { version, args, CHEAP }, async (root) => {
    const install = ['cargo', 'install', '--quiet', '--locked', '--debug', '--no-track', '--root', root] as const
    await run([...install, `${name}@${version}`, ...args], {
      cwd: root,
      env: { ...process.env, ...CHEAP, CARGO_TARGET_DIR: making },
      timeoutMs: 1_200_000,
    })
  })
  return join(folder, 'bin', name)
}
