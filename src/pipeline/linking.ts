import { dirname, join } from 'node:path'
import { joinRustflags } from '../build/rustflags.ts'
import { readCargoConfigs } from '../cache/cargo-config.ts'
import type { Environment } from '../process/environment.ts'
import { onPath } from '../process/on-path.ts'
import { runTool } from '../process/tool.ts'
import { type CargoFlags, cargoFlags } from '../project/cargo-flags.ts'
import { readCfgs } from '../project/cfg.ts'
import { type Configured, configured } from '../project/configured.ts'
import { type GraphPackage, readGraph } from '../project/graph.ts'
import { type MissingLibrary, missingLibraries } from '../project/missing-libraries.ts'
import { nativeNeeds } from '../project/native.ts'
import { Cancelled, Failed, Refused } from '../report/ending.ts'
import type { Log } from '../report/log.ts'
import { cannotLink } from '../toolchain/linking/cannot.ts'
import { chooseLinking, type Linking, type LinkingQuestion } from '../toolchain/linking/choose.ts'
import { emptyLibraries } from '../toolchain/linking/empty-libraries.ts'
import { canInstall, installPackages } from '../toolchain/linking/install.ts'
import { untargeted } from '../toolchain/linking/untargeted.ts'
import { linkerVariable, targetedVariables } from '../toolchain/linking/variables.ts'
import { searchedFirst } from '../toolchain/programs.ts'
import type { Target } from '../toolchain/target.ts'
import type { Facts } from './facts.ts'
import { tool } from './finding-tools.ts'
import { homesOf } from './homes.ts'
import { reproducing } from './reproducing.ts'
import { Step, type StepContext } from './step.ts'

/** What a target is compiled from and with. */
export type Linked = {
  target: Target
  graph: readonly GraphPackage[]
  /** What compiles for it, and is part of what it makes: it decides which dependencies can be used again. */
  environment: Environment
  /** Of cargo's configuration, for this target. */
  flags: CargoFlags
  zigbuild: string | undefined
}

/** Chooses for each target what links it and what compiles its C, and makes sure that this is here. */
export function linkStep(facts: Facts): Step<readonly Linked[]> {
  const { targets } = facts
  return new Step({
    name: 'link',
    title: 'Choose linkers',
    plan: () => targets.map(({ name }) => `choose what links ${name}, and what compiles the C in it`),
    run: async (context) => {
      const linked: Linked[] = []
      for (const target of targets) linked.push(await link(facts, target, context))
      return linked
    },
  })
}

async function link(facts: Facts, target: Target, context: StepContext): Promise<Linked> {
  const { settings, project, environment, surroundings } = facts
  const { directory, workspaceRoot } = project
  const { log, signal } = context
  const { triple } = target
  const features = settings.features
  const graph = await readGraph({ directory, workspaceRoot, environment, triple, features, signal })
  const configuration = await configurationFor(facts, triple, signal)
  const question = await questionOf(facts, target, graph, configuration, log)
  const linking = await installed(question, facts, context)
  log.info(`${target.name}: linked with ${linking.how}`)
  const zig = linking.zig ? await zigFor(facts, question, context) : undefined
  // The same folder in every run, because cargo compares flags.
  const empty = linking.emptyLibraries ? [await emptyLibraries(join(surroundings.toolFolder, 'empty-libraries'))] : []
  const add = [...linking.rustflags, ...empty, ...reproducing(facts).rustflags]
  const { flags } = configuration
  const rustflags = joinRustflags({ environment, triple, configured: flags, add })
  return {
    target,
    graph,
    environment: { ...linking.environment, ...zig?.environment, ...rustflags },
    flags,
    zigbuild: zig?.zigbuild,
  }
}

type Configuration = Configured & { flags: CargoFlags }

/** What the target needs and what is given for it. Tells what is wrong with either before anything is compiled. */
async function questionOf(
  { chosen, rustc, environment, surroundings }: Facts,
  target: Target,
  graph: readonly GraphPackage[],
  { flags, variables, replaced }: Configuration,
  log: Log,
): Promise<LinkingQuestion> {
  const { triple } = target
  const { host } = rustc
  const { isRoot, isThrownAway } = surroundings.machine
  const roots = chosen.map(({ package: { id } }) => id)
  // As build scripts will see it.
  const told: Environment = { ...variables, ...environment }
  judgeLibraries(missingLibraries({ graph, roots, triple, host, environment: told, replaced }), log)
  const isSet = (names: readonly string[]) => names.some((name) => told[name])
  const question: LinkingQuestion = {
    target,
    host,
    needs: await nativeNeeds(graph, roots),
    given: {
      linker: flags.hasLinker || isSet([linkerVariable(triple)]),
      c: isSet(targetedVariables('CC', triple)),
      cpp: isSet(targetedVariables('CXX', triple)),
    },
    isOnPath: (program) => onPath(program, environment) !== undefined,
    mayInstall: isThrownAway && canInstall(isRoot, environment),
  }
  const stray = untargeted({ ...question, environment: told })
  if (stray !== undefined) log.finding(stray)
  return question
}

async function configurationFor(
  { project, environment }: Facts,
  triple: string,
  signal: AbortSignal,
): Promise<Configuration> {
  const { directory } = project
  const configs = await readCargoConfigs({ directory, cargoHome: homesOf({ environment }).CARGO_HOME })
  const args = ['--print', 'cfg', '--target', triple]
  const { stdout } = await runTool({ file: 'rustc', args, cwd: directory, env: environment, signal })
  return { flags: cargoFlags(configs, triple, readCfgs(stdout)), ...configured(configs, triple) }
}

/** Ends the run where a build script must fail; elsewhere the linker may know more than we do. */
function judgeLibraries(missing: readonly MissingLibrary[], log: Log): void {
  const certain = missing.filter(({ isCertain }) => isCertain)
  if (certain.length > 0) throw new Refused(certain.map(({ advice }) => advice))
  for (const { name, advice } of missing) {
    log.finding({ level: 'warning', title: `${name} may not link`, message: advice })
  }
}

/** What was chosen, with all that it needs; where that cannot be installed, the next best. */
async function installed(question: LinkingQuestion, facts: Facts, { log, signal }: StepContext): Promise<Linking> {
  const linking = chooseLinking(question)
  const { isRoot } = facts.surroundings.machine
  try {
    await installPackages({ packages: linking.packages, isRoot, environment: facts.environment, log, signal })
    return linking
  } catch (error) {
    if (!(error instanceof Failed)) throw error
    log.info(error.message)
    return chooseLinking({ ...question, mayInstall: false })
  }
}

async function zigFor(facts: Facts, question: LinkingQuestion, context: StepContext) {
  try {
    // In this order: only the second can be compiled, and for minutes.
    const zig = await tool(facts, 'zig', context)
    const zigbuild = await tool(facts, 'cargo-zigbuild', context)
    // cargo itself looks for the former there, when cargo-auditable calls it.
    const path = { ...facts.environment, ...searchedFirst(dirname(zigbuild.path), facts.environment) }
    return {
      zigbuild: zigbuild.path,
      environment: { ...searchedFirst(dirname(zig.path), path), CARGO_ZIGBUILD_ZIG_PATH: zig.path },
    }
  } catch (error) {
    if (error instanceof Cancelled || !(error instanceof Failed || error instanceof Refused)) throw error
    throw new Failed(cannotLink(question, error), { cause: error })
  }
}
