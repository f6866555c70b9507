import { isRecord, parseRecord, textOf, textsIn } from '../json/narrow.ts'

/** One unit that a build compiled or reused: cargo's own word on what went into it, and with which features. */
export type Compiled = {
  packageId: string
  features: readonly string[]
  /** Compiled for the target, so that it can be in the binary; otherwise it only ran while building. */
  forTarget: boolean
}

/** One line of cargo's JSON; undefined for every line that is about no unit. */
export function readCompiled(line: string, target: string): Compiled | undefined {
  if (!line.startsWith('{')) return undefined
  const message = parseRecord(line)
  if (message?.['reason'] !== 'compiler-artifact' || !isRecord(message['target'])) return undefined
  return {
    packageId: textOf(message['package_id']),
    features: textsIn(message['features']),
    forTarget: textsIn(message['filenames']).some((path) => isUnder(path, target)),
  }
}

/** cargo keeps what it compiles for a named target in a folder of that name, and what is for the host beside it. */
function isUnder(path: string, target: string): boolean {
  const folders = path.split(/[\\/]/)
  const at = folders.lastIndexOf(target)
  // <target>/<profile>/<file>, or below `deps` or `build` there: a project may itself lie in a folder of that name.
  return at >= 0 && (at + 3 === folders.length || ['deps', 'build', 'examples'].includes(folders[at + 2] ?? ''))
}
