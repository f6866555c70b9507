import { readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { checkPlace } from '../build/archive.ts'
import { checkArtifactName } from '../build/artifact-name.ts'
import { matchFiles } from '../build/files.ts'
import { parseFrom } from '../build/from.ts'
import { profileNames } from '../build/profile.ts'
import { readCargoConfigs } from '../cache/cargo-config.ts'
import { type LockFile, parseLock } from '../cache/lock-file.ts'
import { findDenyConfig } from '../gates/deny-config.ts'
import { buildEnvironment, type Environment } from '../process/environment.ts'
import {
  type Chosen,
  checkFeatures,
  checkLock,
  chooseBinaries,
  choosePackages,
  withoutBinaries,
} from '../project/choice.ts'
import { type GitFacts, readGit } from '../project/git.ts'
import { type Package, type Project, readProject } from '../project/metadata.ts'
import { Failed, Refused } from '../report/ending.ts'
import { didYouMean } from '../report/nearest.ts'
import { type Metadata, readCargo } from '../settings/cargo.ts'
import type { Given, Reading } from '../settings/reading.ts'
import { early, earlyList, settle } from '../settings/settle.ts'
import { type Settings, settingOf } from '../settings/table.ts'
import type { InstalledToolchain } from '../toolchain/install.ts'
import { findRustc } from '../toolchain/rustc.ts'
import { defaultTarget, parseTarget, type Target } from '../toolchain/target.ts'
import { checkMirror } from '../toolchain/tools/address.ts'
import type { Facts, Surroundings } from './facts.ts'
import { homesOf } from './homes.ts'
import { type Gate, wantedGates } from './wanted-gates.ts'

/**
 * Settles every setting and every fact of the project before the first step, or refuses with all that is wrong. Needs
 * no network and changes nothing. The project is told as soon as it is known, since a refused run has a report too.
 */
export async function gatherFacts(
  door: Reading,
  surroundings: Surroundings,
  toolchain: InstalledToolchain,
  signal: AbortSignal,
  onProject: (project: Project) => void,
): Promise<Facts> {
  const problems = [...door.problems]
  const directory = early(door.given, 'working-directory')
  const environment = {
    ...buildEnvironment(surroundings.environment, secretsIn(door.given)),
    // What it would spare a developer is never used by a machine that compiles once.
    ...(surroundings.environment['CI'] && { CARGO_INCREMENTAL: '0' }),
    ...toolchain.environment,
  }
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
  await attempt(() => checkMirror(settings['tools-mirror']))
  if (!['', 'none'].includes(settings.artifact)) await attempt(() => checkArtifactName(settings.artifact, '`artifact`'))

  // Where the names themselves are wrong, what they do not choose would only be an echo.
  const guessing = door.problems.length > 0 && settings.package.length === 0
  const named = project !== undefined && !wrong.has('package') && !wrong.has('bin') && !guessing
  const chosen = named && (await attempt(() => choose(project, settings)))
  if (chosen) await attempt(() => checkFeatures(chosen, settings.features))
  const lock = project && (settings.from === '' ? await attempt(() => readLock(project)) : [])
  const place = { directory: project?.directory ?? directory, environment, signal }
  const [rustc, git] = project === undefined ? [] : await Promise.all([attempt(() => findRustc(place)), readGit(place)])
  const targets = rustc && !wrong.has('target') && (await attempt(() => readTargets(settings.target, rustc.host)))
  if (project && settings.from === '' && !wrong.has('profile')) {
    await attempt(() => checkProfile(settings.profile, project, environment))
  }
  if (!wrong.has('test-target') && settings['test-target'] !== '') {
    await attempt(() => checkTestTarget(settings['test-target']))
  }
  const gates = wantedGates(settings)
  if (project && settings.from === '') await attempt(() => checkGates(gates, project, git))
  const files = project && (await attempt(() => filesOf(settings, project, signal)))
  if (chosen && files) {
    for (const name of chosen.flatMap(({ binaries }) => binaries)) await attempt(() => checkPlace(name, files))
  }
  if (signal.aborted) throw signal.reason
  if (problems.length > 0 || !project || !chosen || !rustc || !lock || !targets || !files)
    throw new Refused([...new Set(problems)])
  return {
    settings,
    origins,
    project,
    chosen,
    targets,
    gates,
    files,
    rustc,
    lock,
    git,
    toolchain,
    environment,
    surroundings,
  }
}

/** Gates judge the whole workspace: for them nobody has to say which binary is meant, and there need not be one. */
function choose(project: Project, { command, package: packages, bin }: Settings): Chosen[] {
  try {
    return chooseBinaries(choosePackages(project, packages), bin)
  } catch (error) {
    if (command === 'check' && packages.length === 0 && bin.length === 0) return withoutBinaries(project)
    throw error
  }
}

export function secretsIn(given: readonly Given[]): string[] {
  return given.flatMap(({ name, value }) => (settingOf(name).secret && typeof value === 'string' ? [value.trim()] : []))
}

async function readLock(project: Project): Promise<LockFile> {
  checkLock(project)
  return parseLock(await readFile(join(project.workspaceRoot, 'Cargo.lock'), 'utf8'))
}

/** Profiles can stand in cargo's configuration too. */
async function checkProfile(
  name: string,
  { directory, workspaceRoot }: Project,
  environment: Environment,
): Promise<void> {
  const configs = await readCargoConfigs({ directory, cargoHome: homesOf({ environment }).CARGO_HOME })
  const known = profileNames(await readFile(join(workspaceRoot, 'Cargo.toml'), 'utf8'), configs)
  if (known.includes(name)) return
  throw new Refused(
    `There is no profile \`${name}\` in the Cargo.toml of the workspace${didYouMean(name, known, undefined, `; there is ${known.join(', ')}.`)}`,
  )
}

function checkTestTarget(name: string): void {
  const { glibc, triple } = parseTarget(name)
  if (glibc === undefined) return
  throw new Refused(`\`test-target\` is ${name}, but tests run with the glibc of this machine: write ${triple}.`)
}

/** What a gate cannot do without, and no step brings. With `:warn` the gate only reports that it is missing. */
function checkGates(gates: readonly Gate[], { workspaceRoot: root }: Project, git: GitFacts | undefined): void {
  if (!gates.some(({ name, mode }) => name === 'deny' && mode === 'deny')) return
  findDenyConfig({ root, repository: git?.root ?? root })
}

/** With `from` nothing is packed, and what is named for other runs need not be there. */
function filesOf({ files, from }: Settings, { directory, targetDirectory }: Project, signal: AbortSignal) {
  return from === '' ? matchFiles({ patterns: files, directory, targetDirectory, signal }) : []
}

/** Those that were named, or the one that runs on every Linux of this machine's type. */
function readTargets(named: readonly string[], host: string): Target[] {
  const problems: string[] = []
  const targets = (named.length > 0 ? named : [defaultTarget(host)]).flatMap((name) => {
    try {
      return [parseTarget(name)]
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      problems.push(...error.problems)
      return []
    }
  })
  const twice = targets.find(({ triple }, index) => targets.findIndex((each) => each.triple === triple) < index)
  if (twice !== undefined) {
    problems.push(`\`target\` names ${twice.triple} twice: binaries of the same triple would overwrite each other.`)
  }
  if (problems.length > 0) throw new Refused(problems)
  return targets
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
