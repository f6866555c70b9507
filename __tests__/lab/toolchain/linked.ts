import { mkdtempSync, readdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cargoBuild } from '../../../src/build/cargo.ts'
import { type Proof, proveBinary } from '../../../src/build/proof.ts'
import { joinRustflags } from '../../../src/build/rustflags.ts'
import { readCargoConfigs } from '../../../src/cache/cargo-config.ts'
import type { Environment } from '../../../src/process/environment.ts'
import { onPath } from '../../../src/process/on-path.ts'
import { cargoFlags } from '../../../src/project/cargo-flags.ts'
import { configured } from '../../../src/project/configured.ts'
import { readGraph } from '../../../src/project/graph.ts'
import { type NativeNeed, nativeNeeds } from '../../../src/project/native.ts'
import type { Log } from '../../../src/report/log.ts'
import { chooseLinking, type Linking, type LinkingQuestion } from '../../../src/toolchain/linking/choose.ts'
import { emptyLibraries } from '../../../src/toolchain/linking/empty-libraries.ts'
import { linkerVariable, targetedVariables } from '../../../src/toolchain/linking/variables.ts'
import { parseTarget, type Target } from '../../../src/toolchain/target.ts'
import { lockOf, type MadeProject, madeProject } from '../../made-project.ts'
import { cached } from '../ground/cached.ts'
import { run } from '../ground/command.ts'
import { debianPackages } from '../ground/packages.ts'
import { freshRustupHome } from '../rustup/home.ts'
import { startRustupServer } from '../rustup/server.ts'
import { zigbuildProgram, zigProgram } from '../tools/wheels.ts'

export const HOST = 'x86_64-unknown-linux-gnu'
const TARGETS = ['x86_64-unknown-linux-musl', 'aarch64-unknown-linux-musl']
const signal = new AbortController().signal
const log: Log = { info() {}, output() {}, finding() {} }

/** A machine with a toolchain for the targets and with all that could link and compile for them. */
export type Workshop = AsyncDisposable & { folder: string; environment: Environment; zigbuild: string; zig: string }

export async function openWorkshop(): Promise<Workshop> {
  const stack = new AsyncDisposableStack()
  const server = stack.use(await startRustupServer())
  const { folder, env } = stack.use(await freshRustupHome())
  await debianPackages('musl-tools', 'qemu-user-static')
  const [zigbuild, zig] = [await zigbuildProgram(), await zigProgram()]
  // zig compiles musl and libc++ the first time that it links with them, which takes most of a minute each.
  const zigCache = await cached('zig-cache', zig, async () => {})
  const environment = {
    ...env,
    ...server.env,
    CARGO_TARGET_DIR: join(folder, 'target'),
    ZIG_GLOBAL_CACHE_DIR: zigCache,
  }
  const install = ['rustup', 'toolchain', 'install', 'stable', '--no-self-update', '--profile', 'minimal'] as const
  await run([...install, '--target', TARGETS.join(',')], { env: environment })
  return { folder, environment, zigbuild, zig, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

/** A PATH on which some of this machine's programs are missing. */
export function pathWithout(names: RegExp, { folder, environment }: Workshop): string {
  const machine = mkdtempSync(join(folder, 'programs-'))
  for (const name of readdirSync('/usr/bin')) {
    if (!names.test(name)) symlinkSync(join('/usr/bin', name), join(machine, name))
  }
  const folders = (environment['PATH'] ?? '').split(':')
  return [...folders.filter((each) => each !== '/usr/bin' && each !== '/bin'), machine].join(':')
}

/** A project with everything that cargo must fetch for it. */
export async function fetched(files: Readonly<Record<string, string>>, { environment }: Workshop) {
  const project = madeProject({ 'Cargo.lock': lockOf('app'), ...files })
  await run(['cargo', 'generate-lockfile'], { env: { ...environment }, cwd: project.folder })
  await run(['cargo', 'fetch', '--locked'], { env: { ...environment }, cwd: project.folder })
  return project
}

/** What is known of a project for one target before anything is compiled. */
export async function asked(project: MadeProject, target: Target, environment: Environment) {
  const { triple } = target
  const directory = project.folder
  const features: string[] = []
  const graph = await readGraph({ directory, workspaceRoot: directory, triple, features, environment, signal })
  const roots = graph.filter(({ name }) => name === 'app').map(({ id }) => id)
  const configs = await readCargoConfigs({ directory, cargoHome: environment['CARGO_HOME'] ?? '' })
  const flags = cargoFlags(configs, triple, new Set())
  const { variables, replaced } = configured(configs, triple)
  const told: Environment = { ...variables, ...environment }
  const isSet = (names: readonly string[]) => names.some((name) => told[name])
  const question: LinkingQuestion = {
    target,
    host: HOST,
    needs: await nativeNeeds(graph, roots),
    given: {
      linker: flags.hasLinker || isSet([linkerVariable(triple)]),
      c: isSet(targetedVariables('CC', triple)),
      cpp: isSet(targetedVariables('CXX', triple)),
    },
    isOnPath: (program) => onPath(program, environment) !== undefined,
    mayInstall: false,
  }
  return { graph, roots, replaced, told, question, flags }
}

export type LinkedProgram = { needs: readonly NativeNeed[]; linking: Linking; path: string; proof: Proof }

/** Builds a project as a run would: with exactly what was chosen for its target, and nothing else. */
export async function linked(
  files: Readonly<Record<string, string>>,
  targetName: string,
  workshop: Workshop,
  more: Environment = {},
): Promise<LinkedProgram> {
  using project = await fetched(files, workshop)
  const environment = { ...workshop.environment, ...more }
  const target = parseTarget(targetName)
  const { graph, roots, question, flags } = await asked(project, target, environment)
  const linking = chooseLinking(question)
  const empty = linking.emptyLibraries ? [await emptyLibraries(join(workshop.folder, 'empty-libraries'))] : []
  const add = [...linking.rustflags, ...empty]
  const rustflags = joinRustflags({ environment, triple: target.triple, configured: flags, add })
  const [app] = graph.filter(({ id }) => roots.includes(id))
  if (app === undefined) throw new Error('there is no app in the graph')
  const { binaries } = await cargoBuild({
    directory: project.folder,
    targetDirectory: workshop.environment['CARGO_TARGET_DIR'] ?? '',
    apart: join(project.folder, 'apart'),
    environment: {
      ...environment,
      ...linking.environment,
      ...(linking.zig && zigIn(workshop, environment)),
      ...rustflags,
    },
    hasGitToken: false,
    packages: [app],
    binaries: ['app'],
    chosen: [{ ...app, binaries: ['app'] }],
    features: [],
    profile: 'release',
    target,
    through: { zigbuild: linking.zig ? workshop.zigbuild : undefined },
    explains: false,
    signal,
    log,
  })
  const path = binaries[0]?.binary.path ?? ''
  return { needs: question.needs, linking, path, proof: await proved(path, targetName) }
}

export function proved(path: string, targetName: string): Promise<Proof> {
  return proveBinary({ binary: 'app', path, target: parseTarget(targetName), directories: {}, log, signal })
}

function zigIn({ zig }: Workshop, { PATH }: Environment) {
  return { PATH: `${dirname(zig)}:${PATH}`, CARGO_ZIGBUILD_ZIG_PATH: zig }
}
