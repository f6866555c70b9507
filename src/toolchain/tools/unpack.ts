import { statfs } from 'node:fs/promises'
import { delimiter } from 'node:path'
import type { Environment } from '../../process/environment.ts'
import { runTool } from '../../process/tool.ts'
import { Failed } from '../../report/ending.ts'
import { folderOf, searchedFolders } from '../programs.ts'

export type Unpacking = { archive: string; folder: string; environment: Environment; signal: AbortSignal }

/** Unpacks a tar archive. Entries that lead out of the folder are refused by tar itself, GNU's and BSD's alike. */
export async function unpack({ archive, folder, environment, signal }: Unpacking): Promise<void> {
  const { code, stderr } = await runTool({
    file: 'tar',
    args: unpackArguments(archive, folder),
    // Variables such as TAR_OPTIONS and XZ_OPT would change what it does.
    env: { PATH: searchedFolders(environment).join(delimiter), LC_ALL: 'C' },
    signal,
  })
  if (code === 0) return
  // Where the last bytes did not fit, tar only counts them.
  if (await isFull(folder)) throw new Failed(`The disk is full: ${archive} could not be unpacked. Free some space.`)
  const why = stderr.trim().split('\n').slice(0, 3).join(' ').slice(0, 500)
  throw new Failed(
    `${archive} could not be unpacked: ${why || `tar ended with ${code}`}. Its hash is right, so look at the tar that is on the PATH.`,
  )
}

/** The owners and rights that the packer had mean nothing here, not even where we are root. */
export function unpackArguments(archive: string, folder: string): string[] {
  return ['-x', '-f', archive, '-C', folder, '--no-same-owner', '--no-same-permissions']
}

/** Why an archive of this name cannot be unpacked here; undefined when it can. On macOS tar reads xz by itself. */
export function whyNotUnpacked(archive: string, environment: Environment): string | undefined {
  if (process.platform !== 'linux' || !archive.endsWith('.xz')) return undefined
  if (folderOf('xz', environment) !== undefined) return undefined
  return 'its archive needs xz, which is not on the PATH (the package is called xz-utils on Debian and Ubuntu, xz elsewhere)'
}

async function isFull(folder: string): Promise<boolean> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize < 1024 * 1024
}
