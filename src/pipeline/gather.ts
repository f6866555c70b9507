import { join, relative } from 'node:path'
import { checkArtifactName } from '../build/artifact-name.ts'
import { parseFrom } from '../build/from.ts'
import { buildEnvironment } from '../process/environment.ts'
import { checkFeatures, checkLock, chooseBinaries, choosePackages } from '../project/choice.ts'
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
 * no network and changes nothing. The project is told as soon as it is known, since a refused run has a report too.
 */
export async function gatherFacts(
  door: Reading,
  surroundings: Surroundings,
  signal: AbortSignal,
  onProject: (project: Project) => void,
): Promise<Facts> {
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
  if (project !== undefined) onProject(project)
  const manifests = project === undefined ? { given: [], problems: [] } : readManifests(project, door.given)
  problems.push(...manifests.problems)
  const { settings, origins, wrong, problems: unsettled } = settle([...door.given, ...manifests.given])
  problems.push(...unsettled)
  if (!wrong.has('from') && settings.from !== '') await attempt(() => parseFrom(settings.from))
  if (!['', 'none'].includes(settings.artifact)) await attempt(() => checkArtifactName(settings.artifact, '`artifact`'))

  // Where the names themselves are wrong, what they do not choose would only be an echo.
  const guessing = door.problems.length > 0 && settings.package.length === 0
  const named = project !== undefined && !wrong.has('package') && !wrong.has('bin') && !guessing
  const chosen = named && (await attempt(() => chooseBinaries(choosePackages(project, settings.package), settings.bin)))
  if (chosen) await attempt(() => checkFeatures(chosen, settings.features))
  if (project !== undefined && settings.from === '') await attempt(() => checkLock(project))
  const place = { directory: project?.directory ?? directory, environment, signal }
  const [rustc, git] = project === undefined ? [] : await Promise.all([attempt(() => findRustc(place)), readGit(place)])
  if (signal.aborted) throw signal.reason
  if (problems.length > 0 || !project || !chosen || !rustc) throw new Refused([...new Set(problems)])
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
  try {
    return readCargo([...choosePackages(project, named).map(tableOf), ...workspace], environment)
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    // It is told again when all is settled; until then the workspace speaks, for every environment.
    return readCargo(workspace, '')
  }
}

function tableOf({ manifest, metadata }: Package): Metadata {
  return { manifest, kind: 'package', content: metadata }
}

function manifestOfWorkspace(project: Project): string {
  return join(relative(project.directory, project.workspaceRoot), 'Cargo.toml').replaceAll('\\', '/')
}
