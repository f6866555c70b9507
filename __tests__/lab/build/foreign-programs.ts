import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cached } from '../ground/cached.ts'
import { attempt, run } from '../ground/command.ts'
import { oneAtATime } from '../ground/single.ts'
import { unpack } from '../rustup/mirror/downloads.ts'

/** Of Debian, beside this machine's own: both word sizes, both byte orders, both ways to hand over fractions. */
const ARCHITECTURES = ['arm64', 'armhf', 'armel', 'i386', 's390x'] as const
const PACKAGES = ['hello', 'busybox-static'] as const

export type Foreign = (typeof ARCHITECTURES)[number]
export type Programs = { dynamic: string; static: string }

/** Small real programs for machines that nobody has here; they are only read. */
export async function foreignPrograms(): Promise<Record<Foreign, Programs>> {
  const folder = await cached('foreign-programs', [ARCHITECTURES, PACKAGES], async (made) => {
    const [own, archives] = [join(made, 'apt'), join(made, 'archives')]
    await download(own, archives)
    for (const file of readdirSync(archives)) {
      const architecture = /_(\w+)\.deb$/.exec(file)?.[1] ?? ''
      await unpack(join(archives, file), join(made, architecture))
    }
    // The lists are a hundred times as large as the programs.
    for (const folder of [own, archives]) rmSync(folder, { recursive: true })
  })
  const programsOf = (each: Foreign): Programs => {
    const [old, merged] = [join(folder, each, 'bin/busybox'), join(folder, each, 'usr/bin/busybox')]
    return { dynamic: join(folder, each, 'usr/bin/hello'), static: existsSync(old) ? old : merged }
  }
  return {
    arm64: programsOf('arm64'),
    armhf: programsOf('armhf'),
    armel: programsOf('armel'),
    i386: programsOf('i386'),
    s390x: programsOf('s390x'),
  }
}

/** apt gets lists and a cache of its own, so that it knows of foreign architectures and dpkg does not. */
async function download(own: string, archives: string): Promise<void> {
  for (const each of [join(own, 'lists/partial'), join(own, 'cache/archives/partial'), archives]) {
    mkdirSync(each, { recursive: true })
  }
  const options = [
    `APT::Architectures=amd64,${ARCHITECTURES.join(',')}`,
    'APT::Sandbox::User=root',
    'Acquire::Languages=none',
    `Dir::State::Lists=${join(own, 'lists')}`,
    `Dir::Cache=${join(own, 'cache')}`,
  ].flatMap((option) => ['-o', option])
  const wanted = ARCHITECTURES.flatMap((each) => PACKAGES.map((name) => `${name}:${each}`))
  await oneAtATime('apt', async () => {
    // Mirrors often miss a list of the security updates for an architecture. These packages are not among them.
    await attempt(['apt-get', '-qq', ...options, 'update'], { timeoutMs: 300_000 })
    await run(['apt-get', '-qq', ...options, 'download', ...wanted], { cwd: archives, timeoutMs: 300_000 })
  })
}
