import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../../ground/command.ts'
import { oneAtATime } from '../../ground/single.ts'

/** Finds the archive of a package among the downloaded. */
export type Downloads = (name: string, architecture: string) => string

/**
 * Downloads packages that are only read and never installed. apt gets lists and a cache of its own, so that it knows of
 * foreign architectures and dpkg does not.
 */
export async function download(
  packages: readonly string[],
  architectures: readonly string[],
  folder: string,
): Promise<Downloads> {
  for (const each of ['lists/partial', 'cache/archives/partial', 'archives']) {
    mkdirSync(join(folder, each), { recursive: true })
  }
  const archives = join(folder, 'archives')
  const options = [
    `APT::Architectures=${architectures.join(',')}`,
    'APT::Sandbox::User=root',
    'Acquire::Languages=none',
    `Dir::State::Lists=${join(folder, 'lists')}`,
    `Dir::Cache=${join(folder, 'cache')}`,
  ].flatMap((option) => ['-o', option])
  // Images of Debian often clean apt's cache after every update: that would take an install at the same time its archives.
  await oneAtATime('apt', async () => {
    await run(['apt-get', '-qq', ...options, 'update'], { timeoutMs: 300_000 })
    await run(['apt-get', '-qq', ...options, 'download', ...packages], { cwd: archives, timeoutMs: 300_000 })
  })

  const names = readdirSync(archives)
  return (name, architecture) => {
    const archive = names.find((each) => each.startsWith(`${name}_`) && each.endsWith(`_${architecture}.deb`))
    if (archive === undefined) throw new Error(`apt-get downloaded no ${name} for ${architecture}: ${names.join(' ')}`)
    return join(archives, archive)
  }
}

/** Unpacks a package, or one folder or file of it; that is much faster where the package is large. */
export async function unpack(archive: string, into: string, member = '.'): Promise<void> {
  mkdirSync(into, { recursive: true })
  const pipe = 'dpkg-deb --fsys-tarfile "$1" | tar --extract --directory "$2" "$3"'
  await run(['bash', '-o', 'pipefail', '-c', pipe, 'unpack', archive, into, member])
}
