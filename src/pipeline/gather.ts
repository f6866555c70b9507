import { buildEnvironment } from '../process/environment.ts'
import { chooseBinaries, choosePackages } from '../project/choice.ts'
import { readGit } from '../project/git.ts'
import { type Package, type Project, readProject } from '../project/metadata.ts'
import { Failed, Refused } from '../report/ending.ts'
import { type Metadata, readCargo } from '../settings/cargo.ts'
import type { Given, Reading } from '../settings/reading.ts'
import { early, earlyList, settle } from '../settings/settle.ts'
import { settingOf } from '../settings/table.ts'
import { findRustc } from '../toolchain/rustc.ts'
import type { Facts, Surroundings } from './facts.ts'

/**
 * Settles every setting and every fact of the project before the first step, or refuses with all that is wrong. Needs
 * no network and changes nothing.
 */
export async function gatherFacts(door: Reading, surroundings: Surroundings, signal: AbortSignal): Promise<Facts> {
  const problems = [...door.problems]
  const directory = early(door.given, 'working-directory')
  const environment = buildEnvironment(surroundings.environment, secretsIn(door.given))
  const attempt = async <T>(work: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await work()
    } catch (error) {
      if (error instanceof Refused) problems.push(...error.problems)
      else if (error instanceof Failed) problems.push(error.message)
      else throw error
      return undefined
    }
  }

  const project = await attempt(() => readProject({ directory, environment, signal }))
  const cargo = project && (await attempt(() => readManifests(project, door.given)))
  problems.push(...(cargo?.problems ?? []))
  const settled = settle([...door.given, ...(cargo?.given ?? [])])
  if (settled.kind === 'refused') problems.push(...settled.problems)
  // Without the project or its settings, whatever else could be found wrong would only be an echo.
  if (project === undefined || cargo === undefined || settled.kind === 'refused') throw new Refused(problems)

  const { settings, origins } = settled
  const chosen = await attempt(() => chooseBinaries(choosePackages(project, settings.package), settings.bin))
  const place = { directory: project.directory, environment, signal }
  const [rustc, git] = await Promise.all([attempt(() => findRustc(place)), readGit(place)])
  if (problems.length > 0 || chosen === undefined || rustc === undefined) throw new Refused(problems)
  return { settings, origins, project, chosen, rustc, git, surroundings }
}

export function secretsIn(given: readonly Given[]): string[] {
  return given.flatMap(({ name, value }) => (settingOf(name).secret && typeof value === 'string' ? [value.trim()] : []))
}

/** The sections of the workspace and of the packages that this run is about, which may themselves be named there. */
function readManifests(project: Project, given: readonly Given[]): Reading {
  const environment = early(given, 'environment')
  const workspace: Metadata[] = [
    { manifest: manifestOfWorkspace(project), kind: 'workspace', content: project.workspaceMetadata },
  ]
  const named = earlyList([...given, ...readCargo(workspace, environment).given], 'package')
  const tables = choosePackages(project, named).map(tableOf)
  return readCargo([...tables, ...workspace], environment)
}

function tableOf({ manifest, metadata }: Package): Metadata {
  return { manifest, kind: 'package', content: metadata }
}

function manifestOfWorkspace(project: Project): string {
  return project.workspaceRoot === project.directory ? 'Cargo.toml' : `${project.workspaceRoot}/Cargo.toml`
}
