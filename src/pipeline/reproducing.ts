import { type Reproducible, reproducible, rustcWrapper } from '../build/reproducible.ts'
import type { Environment } from '../process/environment.ts'
import { type Facts, repositoryRoot } from './facts.ts'
import { homesOf } from './homes.ts'
import type { Linked } from './linking.ts'

/** What makes this build give the same bytes in every folder and at every time. */
export function reproducing(facts: Facts): Reproducible {
  return reproducible({
    cargoHome: homesOf(facts).CARGO_HOME,
    checkout: repositoryRoot(facts),
    targetDirectory: facts.project.targetDirectory,
    buildDirectory: facts.project.buildDirectory,
    commitTime: facts.git?.committedAt,
  })
}

/** What cargo is given to compile for a target: the same to compile dependencies ahead, and to compile the rest. */
export async function buildEnvironmentFor(facts: Facts, linked: Linked): Promise<Environment> {
  const { environment: fixed, remap } = reproducing(facts)
  const wrapper = await rustcWrapper({
    scratch: facts.surroundings.scratch,
    remap,
    directory: facts.project.directory,
    environment: facts.environment,
    configuredWrapper: linked.flags.wrapper,
  })
  const time = { SOURCE_DATE_EPOCH: String(sourceTime(facts, linked)) }
  return { ...facts.environment, ...fixed, ...time, ...linked.environment, ...wrapper }
}

/**
 * Only a build script of the project's own can have a use for the time of the commit. Those of dependencies are run again
 * when it changes, as everybody's who compiles C with a newer `cc` asks for, and then no commit could use what was
 * compiled for another.
 */
export function sourceTime({ git }: Pick<Facts, 'git'>, { graph }: Pick<Linked, 'graph'>): number {
  const isAskedFor = graph.some(({ source, buildScript }) => source === undefined && buildScript !== undefined)
  return isAskedFor && git !== undefined ? git.committedAt : EARLIEST
}

/** 1980 began then: earlier times do not fit into every format. */
const EARLIEST = 315_532_800
