import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { parse } from 'smol-toml'
import { isRecord, parseRecord, recordsIn, textOf, textsIn } from '../json/narrow.ts'
import type { Environment } from '../process/environment.ts'
import { runTool } from '../process/tool.ts'
import { Refused } from '../report/ending.ts'

export type LocalPackagesOptions = { directory: string; environment: Environment; signal: AbortSignal }

export type Dependency = {
  /** The name of the package; `rename` is what the code calls it, where that is something else. */
  name: string
  rename: string | undefined
  /** The registry or the git repository; undefined for a folder. */
  source: string | undefined
  req: string
  kind: 'normal' | 'dev' | 'build'
  optional: boolean
  defaultFeatures: boolean
  features: readonly string[]
  /** A triple or a `cfg(…)`, where it is not for all. */
  target: string | undefined
  /** Where it is, for project code. */
  folder: string | undefined
}

/** A package that is project code: a member of the workspace, or a folder that one depends on, wherever that is. */
export type LocalPackage = {
  name: string
  folder: string
  /** The first source file of each target: library, binaries, tests, build script … */
  sources: readonly { path: string; isLibrary: boolean }[]
  dependencies: readonly Dependency[]
  features: Readonly<Record<string, readonly string[]>>
}

export type LocalPackages = {
  workspaceRoot: string
  /** The text of the Cargo.toml of the workspace. */
  rootManifest: string
  packages: readonly LocalPackage[]
  /** The folders of every Cargo.toml that cargo reads: those of the packages, and of the workspaces they belong to. */
  manifestFolders: readonly string[]
}

/**
 * Finds all the code that is the project's own. cargo itself says what is in each manifest, so that inheritance and
 * discovered targets are as it sees them; it needs neither the network nor the lock file for that.
 */
export async function findLocalPackages(options: LocalPackagesOptions): Promise<LocalPackages> {
  const { workspaceRoot, packages: members } = await readWorkspace(options, resolve(options.directory))
  const rootManifest = await readFile(join(workspaceRoot, 'Cargo.toml'), 'utf8')
  const packages = new Map(members.map((member) => [member.folder, member]))
  const manifestFolders = new Set([workspaceRoot])
  const wanted = new Set([...patchedFolders(rootManifest, workspaceRoot), ...members.flatMap(foldersOf)])
  // It grows while it is walked: what is found may itself depend on more folders.
  for (const folder of wanted) {
    if (packages.has(folder)) continue
    const other = await readWorkspace(options, folder)
    const found = other.packages.find((each) => each.folder === folder)
    if (found === undefined) throw new Refused(`There is no package in ${folder}, on which the project depends.`)
    manifestFolders.add(other.workspaceRoot)
    // cargo looks at the dev-dependencies of members only.
    const used = { ...found, dependencies: found.dependencies.filter(({ kind }) => kind !== 'dev') }
    packages.set(folder, used)
    for (const next of foldersOf(used)) wanted.add(next)
  }
  for (const folder of packages.keys()) manifestFolders.add(folder)
  return { workspaceRoot, rootManifest, packages: [...packages.values()], manifestFolders: [...manifestFolders] }
}

function foldersOf({ dependencies }: LocalPackage): string[] {
  return dependencies.flatMap(({ folder }) => folder ?? [])
}

async function readWorkspace(options: LocalPackagesOptions, folder: string) {
  const { code, stdout, stderr } = await runTool({
    file: 'cargo',
    args: ['metadata', '--no-deps', '--format-version', '1', '--manifest-path', join(folder, 'Cargo.toml')],
    cwd: options.directory,
    env: options.environment,
    signal: options.signal,
  })
  const metadata = code === 0 ? parseRecord(stdout) : undefined
  if (metadata === undefined) {
    const why = stderr
      .slice(Math.max(stderr.indexOf('error:'), 0))
      .replace(/\s+/g, ' ')
      .trim()
      .slice(0, 1000)
    throw new Refused(`cargo cannot read the package in ${folder}: ${why || 'its metadata is no JSON'}.`)
  }
  return {
    workspaceRoot: textOf(metadata['workspace_root']),
    packages: recordsIn(metadata['packages']).map(packageOf),
  }
}

function packageOf(record: Record<string, unknown>): LocalPackage {
  const features = isRecord(record['features']) ? Object.entries(record['features']) : []
  return {
    name: textOf(record['name']),
    folder: dirname(textOf(record['manifest_path'])),
    sources: recordsIn(record['targets']).map((target) => ({
      path: resolve(textOf(target['src_path'])),
      isLibrary: !textsIn(target['kind']).some((kind) => PROGRAMS.includes(kind)),
    })),
    dependencies: recordsIn(record['dependencies']).map(dependencyOf),
    features: Object.fromEntries(features.map(([name, items]) => [name, textsIn(items)])),
  }
}

/** Everything else is some form of library: lib, rlib, cdylib, proc-macro … */
const PROGRAMS = ['bin', 'example', 'test', 'bench', 'custom-build']

function dependencyOf(record: Record<string, unknown>): Dependency {
  const kind = record['kind']
  return {
    name: textOf(record['name']),
    rename: textOf(record['rename']) || undefined,
    source: textOf(record['source']) || undefined,
    req: textOf(record['req']),
    kind: kind === 'dev' || kind === 'build' ? kind : 'normal',
    optional: record['optional'] === true,
    defaultFeatures: record['uses_default_features'] !== false,
    features: textsIn(record['features']),
    target: textOf(record['target']) || undefined,
    folder: textOf(record['path']) || undefined,
  }
}

/** What `[patch]` and `[replace]` put in place of packages from elsewhere; only the root manifest may have them. */
function patchedFolders(rootManifest: string, workspaceRoot: string): string[] {
  const root: Record<string, unknown> = parse(rootManifest)
  const { patch, replace } = root
  const tables = [...(isRecord(patch) ? Object.values(patch) : []), replace].filter(isRecord)
  const paths = tables.flatMap((table) => Object.values(table).filter(isRecord)).map(({ path }) => textOf(path))
  return paths.filter((path) => path !== '').map((path) => resolve(workspaceRoot, path))
}
