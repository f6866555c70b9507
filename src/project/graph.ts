import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'smol-toml'
import { isRecord, parseRecord, recordsIn, textOf, textsIn } from '../json/narrow.ts'
import type { Environment } from '../process/environment.ts'
import { runTool } from '../process/tool.ts'
import { Failed } from '../report/ending.ts'

export type GraphOptions = {
  directory: string
  workspaceRoot: string
  /** Dependencies of other platforms are left out; cargo did not fetch them. */
  triple: string
  features: readonly string[]
  environment: Environment
  signal: AbortSignal
}

export type DependencyKind = 'normal' | 'build' | 'dev'

/** One package of the resolved graph, of the project itself or of somebody else. */
export type GraphPackage = {
  id: string
  name: string
  version: string
  /** Where cargo got it from; undefined for a folder of the project's own. */
  source: string | undefined
  /** SHA-256, as Cargo.lock has it; only registries have one. */
  checksum: string | undefined
  licence: string | undefined
  description: string | undefined
  repository: string | undefined
  manifest: string
  /** The native library that it links, if it says so. */
  links: string | undefined
  /** Where the source of its build script begins. */
  buildScript: string | undefined
  /** A macro runs inside of the compiler, so it and what it uses are compiled for the machine itself. */
  isMacro: boolean
  features: readonly string[]
  dependencies: readonly { id: string; kinds: readonly DependencyKind[] }[]
}

/** Everything that a build of this workspace may compile for a target, as cargo resolved it. Needs what was fetched. */
export async function readGraph(options: GraphOptions): Promise<readonly GraphPackage[]> {
  const { code, stdout, stderr } = await runTool({
    file: 'cargo',
    args: graphArguments(options),
    cwd: options.directory,
    env: options.environment,
    signal: options.signal,
  })
  if (code !== 0) throw new Failed(`cargo cannot resolve the dependencies: ${stderr.trim().slice(0, 1000)}`)
  const metadata = parseRecord(stdout)
  if (metadata === undefined) throw new Failed('cargo metadata printed something that is not its JSON.')
  return graphOf(metadata, await readChecksums(options.workspaceRoot))
}

function graphArguments({ triple, features }: GraphOptions): string[] {
  const named = features.filter((feature) => feature !== 'all' && feature !== '-default')
  return [
    ...['metadata', '--locked', '--offline', '--format-version', '1', '--filter-platform', triple],
    ...(features.includes('all') ? ['--all-features'] : []),
    ...(features.includes('-default') ? ['--no-default-features'] : []),
    ...(named.length > 0 ? ['--features', named.join(',')] : []),
  ]
}

export function graphOf(
  metadata: Record<string, unknown>,
  checksums: ReadonlyMap<string, string | undefined> = new Map(),
): GraphPackage[] {
  const resolve = isRecord(metadata['resolve']) ? metadata['resolve'] : {}
  const nodes = new Map(recordsIn(resolve['nodes']).map((node) => [textOf(node['id']), node]))
  return recordsIn(metadata['packages']).flatMap((record) => {
    const id = textOf(record['id'])
    const node = nodes.get(id)
    // What is only there for another platform has no node.
    if (node === undefined) return []
    const [name, version, source] = [textOf(record['name']), textOf(record['version']), text(record['source'])]
    return [
      {
        id,
        name,
        version,
        source,
        checksum: checksums.get(keyOf(name, version, source)),
        licence: text(record['license']),
        description: text(record['description']),
        repository: text(record['repository']),
        manifest: textOf(record['manifest_path']),
        links: text(record['links']),
        buildScript: text(targetOf(record, 'custom-build')?.['src_path']),
        isMacro: targetOf(record, 'proc-macro') !== undefined,
        features: textsIn(node['features']),
        dependencies: recordsIn(node['deps']).map(dependencyOf),
      },
    ]
  })
}

function targetOf(record: Record<string, unknown>, kind: string): Record<string, unknown> | undefined {
  return recordsIn(record['targets']).find((target) => textsIn(target['kind']).includes(kind))
}

function dependencyOf(dep: Record<string, unknown>): { id: string; kinds: DependencyKind[] } {
  const kinds = recordsIn(dep['dep_kinds']).map(({ kind }) => (kind === 'build' || kind === 'dev' ? kind : 'normal'))
  return { id: textOf(dep['pkg']), kinds: [...new Set(kinds)] }
}

async function readChecksums(workspaceRoot: string): Promise<Map<string, string | undefined>> {
  const path = join(workspaceRoot, 'Cargo.lock')
  try {
    const lock = parse(await readFile(path, 'utf8'))
    return new Map(
      recordsIn(lock['package']).map((record) => [
        keyOf(textOf(record['name']), textOf(record['version']), text(record['source'])),
        text(record['checksum']),
      ]),
    )
  } catch (cause) {
    throw new Failed(`${path} cannot be read as the lock file that cargo writes.`, { cause })
  }
}

function keyOf(name: string, version: string, source: string | undefined): string {
  return JSON.stringify([name, version, source ?? ''])
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
