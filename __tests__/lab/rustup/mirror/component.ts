import { createHash } from 'node:crypto'
import { createReadStream, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { run } from '../../ground/command.ts'

/** What a component installs: the path in the toolchain's folder, and what is there. */
export type Files = Record<string, { copyOf: string } | { script: string }>

export type Component = {
  package: string
  target: string
  files: Files
}

/** A component as an archive that the manifests can name. */
export type Packed = {
  package: string
  target: string
  archive: string
  sha256: string
}

/** Writes a component's archive in the form of Rust's own installers, which is what rustup takes. */
export async function pack(component: Component, version: string, into: string, work: string): Promise<Packed> {
  const { target, files } = component
  const title = `${component.package.replace(/-preview$/, '')}-${version}-${target}`
  const inside = component.package === 'rust-std' ? `rust-std-${target}` : component.package
  const list = Object.keys(files).map((path) => `file:${path}\n`)

  const put = (path: string, content: { copyOf: string } | { script: string } | string): void => {
    const place = join(work, title, path)
    mkdirSync(dirname(place), { recursive: true })
    if (typeof content === 'string') writeFileSync(place, content)
    else if ('script' in content) writeFileSync(place, content.script, { mode: 0o755 })
    // tar follows the links, so that nothing is copied twice.
    else symlinkSync(content.copyOf, place)
  }
  put('rust-installer-version', '3\n')
  put('components', `${inside}\n`)
  put(`${inside}/manifest.in`, list.join(''))
  for (const [path, content] of Object.entries(files)) put(`${inside}/${path}`, content)

  const archive = `${title}.tar.gz`
  const path = join(into, archive)
  // Neither links nor hard links are what rustup takes. Speed counts here, and size does not.
  const follow = ['--dereference', '--hard-dereference']
  await run(['tar', '--create', ...follow, '--use-compress-program=gzip -1', '--file', path, '-C', work, title])
  return { package: component.package, target, archive, sha256: await hashOf(path) }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
