import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { Facts, Surroundings } from '../../src/pipeline/facts.ts'
import { gatherFacts } from '../../src/pipeline/gather.ts'
import type { Given } from '../../src/settings/reading.ts'
import type { Name } from '../../src/settings/table.ts'
import { gateEnvironment } from '../gates/judged.ts'

/** All that is settled of a real project before the first step of a run. */
export async function factsOf(
  folder: string,
  settings: Partial<Record<Name, string>>,
  more: Partial<Surroundings> = {},
): Promise<Facts> {
  const all = { 'working-directory': folder, ...settings }
  const given = Object.entries(all).map(
    ([name, value]): Given => ({ name: name as Name, value, origin: `input ${name}` }),
  )
  const nothing = { environment: {}, hasRustup: false, installed: [] }
  const { signal } = new AbortController()
  return gatherFacts({ given, problems: [] }, surroundingsIn(folder, more), nothing, signal, () => {})
}

function surroundingsIn(folder: string, more: Partial<Surroundings>): Surroundings {
  return {
    environment: gateEnvironment(folder),
    serverUrl: 'https://github.com',
    apiUrl: 'https://api.github.com',
    repository: '',
    event: { name: '', ref: '', refType: undefined, defaultBranch: undefined, isFork: false },
    machine: { os: 'Linux', arch: 'X64', imageOs: undefined, isThrownAway: false, isRoot: false },
    hasArtifactService: false,
    hasIdToken: false,
    inActions: false,
    hasCacheService: false,
    cacheMode: undefined,
    version: '0.0.0',
    colour: false,
    scratch: join(folder, 'target/scratch'),
    toolFolder: join(folder, 'target/tools'),
    transfer: ['node'],
    ...more,
  }
}

export function headOf(folder: string): string {
  return execFileSync('git', ['rev-parse', 'HEAD'], { cwd: folder, encoding: 'utf8' }).trim()
}
