import { createHash } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Component, type Packed, pack } from './component.ts'
import type { DebianRust } from './debian-rust.ts'
import { download, unpack } from './downloads.ts'
import { hostComponents } from './host-components.ts'
import { archiveFolder, channelManifest, channels } from './manifest.ts'
import { muslStd, runtimePackages } from './musl-std.ts'
import { buildStd } from './std-build.ts'
import { MUSL_TARGETS, type MuslTarget } from './targets.ts'

/** Fills a folder with what a dist server of rustup serves, out of Debian's Rust. */
export async function makeMirror(rust: DebianRust, folder: string): Promise<void> {
  const work = join(folder, 'work')
  const archives = join(folder, archiveFolder(rust))
  mkdirSync(archives, { recursive: true })

  const linker = `lld-${rust.llvm}`
  const architectures = MUSL_TARGETS.map(({ debian }) => debian)
  const downloads = await download(
    [
      // Another version of the source would not fit the compiler.
      `rust-web-src=${rust.packaged}`,
      linker,
      ...runtimePackages(rust).flatMap((name) => architectures.map((architecture) => `${name}:${architecture}`)),
    ],
    architectures,
    work,
  )

  const source = `usr/src/rustc-${rust.release}`
  const lld = `usr/lib/llvm-${rust.llvm}/bin/lld`
  await unpack(downloads('rust-web-src', 'all'), work, `./${source}/library`)
  await unpack(downloads(linker, 'amd64'), work, `./${lld}`)

  const packAll = (components: readonly Component[]): Promise<Packed[]> =>
    Promise.all(components.map((each) => pack(each, rust.release, archives, join(work, 'components'))))
  const runtime = (target: MuslTarget): string => join(work, target.debian)
  const [std, host] = await Promise.all([
    buildStd(rust, join(work, source), work),
    packAll(hostComponents(join(work, lld))),
    ...MUSL_TARGETS.map(async (target) => {
      for (const name of runtimePackages(rust)) await unpack(downloads(name, target.debian), runtime(target))
    }),
  ])
  const musl = await packAll(
    await Promise.all(
      MUSL_TARGETS.map(async (target) => ({
        package: 'rust-std',
        target: target.triple,
        files: await muslStd(target, rust, std(target.triple), runtime(target)),
      })),
    ),
  )

  const manifest = channelManifest(rust, [...host, ...musl])
  const sha256 = createHash('sha256').update(manifest).digest('hex')
  for (const channel of channels(rust)) {
    const name = `channel-rust-${channel}.toml`
    writeFileSync(join(folder, 'dist', name), manifest)
    writeFileSync(join(folder, 'dist', `${name}.sha256`), `${sha256}  ${name}\n`)
  }
  rmSync(work, { recursive: true })
}
