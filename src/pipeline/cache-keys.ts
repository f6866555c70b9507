import { readCargoConfigs } from '../cache/cargo-config.ts'
import type { CookPlan } from '../cache/cook.ts'
import { flagsHash, linkingHash } from '../cache/flags.ts'
import { readImage } from '../cache/image.ts'
import { type CacheKey, cargoLayout, type DependenciesKey, dependenciesKey, homeKey } from '../cache/key.ts'
import { findLocalPackages } from '../cache/local-packages.ts'
import { lockHash, recipeHash } from '../cache/recipe.ts'
import type { Environment } from '../process/environment.ts'
import { onPath } from '../process/on-path.ts'
import { runTool } from '../process/tool.ts'
import type { Facts } from './facts.ts'
import { fetchedTriples } from './fetching.ts'
import { gateEnvironment } from './gate-environment.ts'
import { homesOf } from './homes.ts'
import type { Linked } from './linking.ts'

export function homeKeyOf(facts: Facts): CacheKey {
  const { surroundings, lock } = facts
  // Packages of other platforms are not fetched.
  return homeKey({ os: surroundings.machine.os, lock: lockHash(lock), triples: fetchedTriples(facts) })
}

/** All of the key that is known before anything was fetched. */
export async function dependenciesKeyOf(facts: Facts, plan: CookPlan, signal: AbortSignal): Promise<DependenciesKey> {
  const { settings, project, chosen, lock, rustc, environment, surroundings } = facts
  const { directory } = project
  const { os, arch, imageOs } = surroundings.machine
  const { CARGO_HOME } = homesOf(facts)
  const [local, compiler, image, configs, ofGates] = await Promise.all([
    findLocalPackages({ directory, environment, signal }),
    firstLineOfCc(environment, signal),
    readImage({ osRelease: '/etc/os-release', imageOs }),
    readCargoConfigs({ directory, cargoHome: CARGO_HOME }),
    gateEnvironment(facts),
  ])
  return dependenciesKey({
    ...{ os, arch, image, plan, rustc: rustc.said, layout: cargoLayout(rustc.version, environment) },
    flags: flagsHash({ environment: ofGates, configs, cargoHome: CARGO_HOME, compiler }),
    recipe: recipeHash({
      lock,
      ...local,
      built: settings.command === 'check' ? [] : chosen.map((each) => each.package.name),
    }),
  })
}

export function linkingOf(linked: readonly Linked[]): string {
  return linkingHash(
    linked.map(({ target: { name }, environment, zigbuild }) => ({ name, environment, zig: zigbuild !== undefined })),
  )
}

/** The C compiler of the machine, which dependencies may have been compiled with. */
async function firstLineOfCc(environment: Environment, signal: AbortSignal): Promise<string | undefined> {
  if (onPath('cc', environment) === undefined) return undefined
  const { stdout } = await runTool({ file: 'cc', args: ['--version'], env: environment, signal })
  return stdout.split('\n')[0]
}
