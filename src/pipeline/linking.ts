import { dirname } from 'node:path'
import { joinRustflags } from '../build/rustflags.ts'
import { readCargoConfigs } from '../cache/cargo-config.ts'
import type { Environment } from '../process/environment.ts'
import { onPath } from '../process/on-path.ts'
import { runTool } from '../process/tool.ts'
import { type CargoFlags, cargoFlags } from '../project/cargo-flags.ts'
import { readCfgs } from '../project/cfg.ts'
import { type GraphPackage, readGraph } from '../project/graph.ts'
import { nativeNeeds } from '../project/native.ts'
import { Cancelled, Failed, Refused } from '../report/ending.ts'
import { cannotLink, chooseLinking, type LinkingQuestion } from '../toolchain/linking/choose.ts'
import { canInstall, installPackages } from '../toolchain/linking/install.ts'
import { compilerVariables, linkerVariable } from '../toolchain/linking/variables.ts'
import { searchedFirst } from '../toolchain/programs.ts'
import type { Target } from '../toolchain/target.ts'
import type { Facts } from './facts.ts'
import { tool } from './finding-tools.ts'
import { homesOf } from './proving.ts'
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
  const { settings, project, chosen, rustc, environment, surroundings } = facts
  const { directory, workspaceRoot } = project
  const { log, signal } = context
  const graph = await readGraph({
    ...{ directory, workspaceRoot, environment, signal },
    triple: target.triple,
    features: settings.features,
  })
  const flags = await flagsFor(facts, target.triple, signal)
  const { isRoot, isThrownAway } = surroundings.machine
  const question: LinkingQuestion = {
    target,
    host: rustc.host,
    needs: nativeNeeds(
      graph,
      chosen.map(({ package: { id } }) => id),
    ),
    given: {
      linker: flags.hasLinker || Boolean(environment[linkerVariable(target.triple)]),
      compiler: compilerVariables(target.triple).some((name) => environment[name]),
    },
    isOnPath: (program) => onPath(program, environment) !== undefined,
    mayInstall: isThrownAway && canInstall(isRoot, environment),
  }
  const linking = chooseLinking(question)
  log.info(`${target.name}: linked with ${linking.how}`)
  await installPackages({ packages: linking.packages, isRoot, environment, log, signal })
  const zig = linking.zig ? await zigFor(facts, question, context) : undefined
  const add = [...linking.rustflags, ...reproducing(facts).rustflags]
  const rustflags = joinRustflags({ environment, triple: target.triple, configured: flags, add })
  return {
    target,
    graph,
    environment: { ...linking.environment, ...zig?.environment, ...rustflags },
    flags,
    zigbuild: zig?.zigbuild,
  }
}

async function flagsFor({ project, environment }: Facts, triple: string, signal: AbortSignal): Promise<CargoFlags> {
  const { directory } = project
  const configs = await readCargoConfigs({ directory, cargoHome: homesOf({ environment }).CARGO_HOME })
  const args = ['--print', 'cfg', '--target', triple]
  const { stdout } = await runTool({ file: 'rustc', args, cwd: directory, env: environment, signal })
  return cargoFlags(configs, triple, readCfgs(stdout))
}

async function zigFor(facts: Facts, question: LinkingQuestion, context: StepContext) {
  try {
    const zigbuild = await tool(facts, 'cargo-zigbuild', context)
    const zig = await tool(facts, 'zig', context)
    return {
      zigbuild: zigbuild.path,
      environment: { ...searchedFirst(dirname(zig.path), facts.environment), CARGO_ZIGBUILD_ZIG_PATH: zig.path },
    }
  } catch (error) {
    if (error instanceof Cancelled || !(error instanceof Failed || error instanceof Refused)) throw error
    throw new Failed(cannotLink(question, error.message), { cause: error })
  }
}
