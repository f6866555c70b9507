import { isRecord, parseRecord, textOf, textsIn } from '../json/narrow.ts'

/** One piece of work that cargo did, or found done already, as its JSON tells it. */
export type CacheUnit = {
  packageId: string
  /** Project code, or compiled against project code: no cache may hold it. Everything else is of third parties alone. */
  isLocal: boolean
  /** What it made: the artifacts of a compilation, or the output folder of a build script that ran. */
  files: string[]
  /** Not compiled now. Of a build script's run cargo does not say it, and it counts as fresh. */
  fresh: boolean
  /** Of the package. */
  name: string
}

/**
 * One line of cargo's standard output; undefined for every message, and every stray print, that is about no unit. Which
 * packages from elsewhere are compiled against project code stands in Cargo.lock: see `builtOnProject`.
 */
export function readCacheUnit(line: string, builtOnProject: ReadonlySet<string>): CacheUnit | undefined {
  if (!line.startsWith('{')) return undefined
  const message = parseRecord(line)
  if (message === undefined) return undefined
  const packageId = textOf(message['package_id'])
  if (packageId === '') return undefined
  const { name, version } = packageOf(packageId)
  const isLocal = isFromFolder(packageId) || builtOnProject.has(`${name} ${version}`)
  const about = { packageId, isLocal, name }
  switch (message['reason']) {
    case 'compiler-artifact':
      if (!isRecord(message['target'])) return undefined
      return { ...about, files: textsIn(message['filenames']), fresh: message['fresh'] === true }
    case 'build-script-executed': {
      const folder = textOf(message['out_dir'])
      return { ...about, files: folder === '' ? [] : [folder], fresh: true }
    }
    default:
      return undefined
  }
}

/** Since cargo 1.77 an id is `kind+url#name@version`, before that `name version (kind+url)`. */
function isFromFolder(packageId: string): boolean {
  return packageId.startsWith('path+') || packageId.includes(' (path+')
}

function packageOf(packageId: string): { name: string; version: string } {
  const [, oldName, oldVersion] = /^(\S+) (\S+) \(/.exec(packageId) ?? []
  if (oldName !== undefined && oldVersion !== undefined) return { name: oldName, version: oldVersion }
  const hash = packageId.lastIndexOf('#')
  if (hash < 0) return { name: packageId, version: '' }
  const [url, fragment] = [packageId.slice(0, hash), packageId.slice(hash + 1)]
  const at = fragment.indexOf('@')
  if (at >= 0) return { name: fragment.slice(0, at), version: fragment.slice(at + 1) }
  // The name is left out where it is the last part of the address.
  const path = url.replace(/\?.*$/, '').replace(/\/+$/, '')
  return { name: path.slice(path.lastIndexOf('/') + 1), version: fragment }
}
