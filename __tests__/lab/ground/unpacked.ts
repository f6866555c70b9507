import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cached } from './cached.ts'
import { run } from './command.ts'
import { freshLists } from './packages.ts'
import { oneAtATime } from './single.ts'

/**
 * Debian packages with a service of their own, unpacked into a folder and not installed: installing one starts its
 * service on a machine that has no policy against it, and that one would be nobody's to end.
 */
export function unpackedPackages(...names: readonly string[]): Promise<string> {
  return cached(`debian-${names[0]}`, names, async (folder) => {
    await download(names, folder)
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.deb'))) {
      await run(['dpkg-deb', '--extract', join(folder, file), folder])
      rmSync(join(folder, file))
    }
  })
}

async function download(names: readonly string[], folder: string): Promise<void> {
  // apt's own user for downloads may not write here.
  const get = ['apt-get', 'download', '-qq', '-o', 'APT::Sandbox::User=root', ...names] as const
  await oneAtATime('apt', async () => {
    await freshLists()
    await run([...get], { cwd: folder, timeoutMs: 600_000 })
  })
}
