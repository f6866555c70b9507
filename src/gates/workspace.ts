import { realpath } from 'node:fs/promises'
import { isAbsolute, relative, resolve, sep } from 'node:path'
import { parseRecord, recordsIn, textOf, textsIn } from '../json/narrow.ts'
import type { Environment } from '../process/environment.ts'
import { runTool } from '../process/tool.ts'
import { Failed } from '../report/ending.ts'

/** The workspace whose code the gates judge, and nobody else's. */
export type Workspace = {
  /** The top of the repository. */
  repository: string
  root: string
  targetDirectory: string
  /** The names of its packages by the ids that cargo's messages carry. */
  members: ReadonlyMap<string, string>
  targets: readonly SourceTarget[]
}

/** A file that the compiler starts from. */
export type SourceTarget = { path: string; edition: string; hasDoctests: boolean }

export type WorkspaceOptions = {
  directory: string
  /** The top of the repository, from which places are told. */
  repository: string
  environment: Environment
  signal: AbortSignal
}

export async function readWorkspace(options: WorkspaceOptions): Promise<Workspace> {
  const { directory, repository, environment, signal } = options
  const { code, stdout, stderr } = await runTool({
    file: 'cargo',
    args: ['metadata', '--no-deps', '--format-version', '1'],
    cwd: directory,
    env: environment,
    signal,
  })
  const metadata = code === 0 ? parseRecord(stdout) : undefined
  if (metadata === undefined) {
    throw new Failed(`cargo cannot read the project: ${stderr.trim().slice(-1000) || 'its metadata is no JSON'}.`)
  }
  return workspaceOf(metadata, await realpath(repository))
}

export function workspaceOf(metadata: Record<string, unknown>, repository: string): Workspace {
  const ids = new Set(textsIn(metadata['workspace_members']))
  const packages = recordsIn(metadata['packages']).filter((each) => ids.has(textOf(each['id'])))
  return {
    repository,
    root: textOf(metadata['workspace_root']),
    targetDirectory: textOf(metadata['target_directory']),
    members: new Map(packages.map((each) => [textOf(each['id']), textOf(each['name'])])),
    targets: packages
      .flatMap((each) => recordsIn(each['targets']))
      .map((target) => ({
        path: textOf(target['src_path']),
        edition: textOf(target['edition']) || '2015',
        hasDoctests: target['doctest'] === true,
      })),
  }
}

/** A path that a tool names, as a person in the repository writes it; undefined where it is not the user's own file. */
export function ownFile({ repository, root, targetDirectory }: Workspace, named: string): string | undefined {
  // `<anon>` and `<::std::macros::println macros>` are no files.
  if (named === '' || named.startsWith('<')) return undefined
  // The compiler runs in the root of the workspace, wherever cargo was started.
  const path = resolve(root, named)
  // Code that a build script wrote.
  if (wayInto(targetDirectory, path) !== undefined) return undefined
  return wayInto(repository, path)?.split(sep).join('/')
}

function wayInto(folder: string, path: string): string | undefined {
  const way = relative(folder, path)
  return way === '' || way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way) ? undefined : way
}
