import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import type { Plugin } from 'rolldown'

/** Writes the licence of every package of which something is in the bundle. */
export function licencesOf(): Plugin {
  return {
    name: 'licences',
    generateBundle(_, bundle) {
      const folders = new Set<string>()
      for (const file of Object.values(bundle)) {
        if (file.type !== 'chunk') continue
        for (const id of file.moduleIds) {
          const folder = packageOf(id)
          if (folder !== undefined) folders.add(folder)
        }
      }
      const texts = [...folders].map((folder) => textOf(folder)).sort()
      this.emitFile({ type: 'asset', fileName: 'licences.txt', source: texts.join(`\n${'-'.repeat(80)}\n\n`) })
    },
  }
}

function packageOf(id: string): string | undefined {
  if (!id.includes(`${sep}node_modules${sep}`)) return undefined
  for (let folder = dirname(id); folder.includes(`${sep}node_modules${sep}`); folder = dirname(folder)) {
    // Some packages have a second package.json deep inside, without a name, only to say what kind of modules follow.
    const path = join(folder, 'package.json')
    if (existsSync(path) && 'version' in JSON.parse(readFileSync(path, 'utf8'))) return folder
  }
  return undefined
}

function textOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)(\.|$)/i.test(entry))
  const own = file === undefined ? '' : readFileSync(join(folder, file), 'utf8')
  // A few old packages state none; saying so is better than leaving them out.
  return `${name} ${version} (${license ?? (own === '' ? 'its package states no licence' : 'see below')})\n\n${own.trim()}\n`
}
