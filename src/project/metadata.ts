import { existsSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import { isRecord, parseRecord, recordsIn, textOf, textsIn } from '../json/narrow.ts'
import type { Environment } from '../process/environment.ts'
import { runTool } from '../process/tool.ts'
import { Failed, Refused } from '../report/ending.ts'

export type MetadataOptions = { directory: string; environment: Environment; signal: AbortSignal }

export type Package = {
  id: string
  name: string
  version: string
  /** Relative to the working directory, with `/`, as people write it. */
  manifest: string
  binaries: readonly string[]
  defaultRun: string | undefined
  features: readonly string[]
  metadata: unknown
}

export type Project = {
  directory: string
  workspaceRoot: string
  targetDirectory: string
  /** Where cargo keeps what it only needs itself; the target directory unless the project says otherwise. */
  buildDirectory: string
  packages: readonly Package[]
  /** The package whose Cargo.toml is in the working directory; none in a virtual workspace. */
  rootPackage: Package | undefined
  /** The names of what cargo builds when no package is named. */
  defaultMembers: readonly string[]
  workspaceMetadata: unknown
}

/** Asks cargo about the workspace. Dependencies are left out, so this needs neither the network nor a lock file. */
export async function readProject(options: MetadataOptions): Promise<Project> {
  const directory = resolve(options.directory)
  if (!existsSync(directory)) throw new Refused(`There is no folder ${options.directory}: check working-directory.`)
  if (!existsSync(join(directory, 'Cargo.toml'))) {
    throw new Refused(
      `There is no Cargo.toml in ${options.directory === '.' ? 'the working directory' : options.directory}: check out the repository first, or set working-directory to the folder of the project.`,
    )
  }
  const args = ['metadata', '--no-deps', '--format-version', '1', '--manifest-path', join(directory, 'Cargo.toml')]
  const { code, stdout, stderr } = await runTool({
    file: 'cargo',
    args,
    cwd: directory,
    env: options.environment,
    signal: options.signal,
  })
  if (code !== 0) throw new Refused(`cargo cannot read the project: ${whyOf(stderr)}`)
  const metadata = parseRecord(stdout)
  if (metadata === undefined) throw new Failed('cargo metadata printed something that is not its JSON.')
  return projectOf(metadata, directory)
}

function projectOf(metadata: Record<string, unknown>, directory: string): Project {
  const members = new Set(textsIn(metadata['workspace_members']))
  const packages = recordsIn(metadata['packages'])
    .filter((record) => members.has(textOf(record['id'])))
    .map((record) => packageOf(record, directory))
  const defaults = new Set(textsIn(metadata['workspace_default_members']))
  return {
    directory,
    workspaceRoot: textOf(metadata['workspace_root']),
    targetDirectory: textOf(metadata['target_directory']),
    buildDirectory: textOf(metadata['build_directory']) || textOf(metadata['target_directory']),
    packages,
    rootPackage: packages.find(({ manifest }) => manifest === 'Cargo.toml'),
    defaultMembers: packages.filter(({ id }) => defaults.has(id)).map(({ name }) => name),
    workspaceMetadata: metadata['metadata'],
  }
}

function packageOf(record: Record<string, unknown>, directory: string): Package {
  const binaries = recordsIn(record['targets']).filter((target) => textsIn(target['kind']).includes('bin'))
  const defaultRun = record['default_run']
  return {
    id: textOf(record['id']),
    name: textOf(record['name']),
    version: textOf(record['version']),
    manifest: relative(directory, textOf(record['manifest_path'])).split(sep).join('/'),
    binaries: binaries.map((target) => textOf(target['name'])).sort(),
    defaultRun: typeof defaultRun === 'string' ? defaultRun : undefined,
    features: isRecord(record['features']) ? Object.keys(record['features']) : [],
    metadata: record['metadata'],
  }
}

/** The end of cargo's complaint: its `error:` line and the causes below it, on one line. */
function whyOf(stderr: string): string {
  const start = stderr.indexOf('error:')
  return stderr
    .slice(Math.max(start, 0))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ')
    .slice(0, 1000)
}
