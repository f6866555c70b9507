import { featureArguments } from '../build/arguments.ts'
import type { CookPlan } from '../cache/cook.ts'
import type { CookOptions } from '../cache/run-cook.ts'
import { unitArguments } from '../cache/unit-arguments.ts'
import { wantsNextest } from '../gates/nextest.ts'
import type { Environment } from '../process/environment.ts'
import type { Facts } from './facts.ts'
import { gateEnvironment } from './gate-environment.ts'
import type { Linked } from './linking.ts'
import { buildEnvironmentFor } from './reproducing.ts'

/** What is compiled later in this run and with which environments; known when the linkers are. */
export type Cooking = { plan: CookPlan; environments: CookOptions['environments'] }

type CookedTarget = Pick<Linked, 'target' | 'zigbuild'>

/** What this run compiles, so that its dependencies can be compiled ahead. */
export function cookPlanOf(facts: Facts, targets: readonly CookedTarget[]): CookPlan {
  const { settings, chosen, gates, rustc } = facts
  const features = featureArguments(settings.features)
  const testTarget = settings['test-target']
  const has = (name: string) => gates.some((gate) => gate.name === name)
  return {
    gates: {
      clippy: has('clippy'),
      test: has('test'),
      testTarget: testTarget === '' || testTarget === rustc.host ? undefined : testTarget,
      featureArguments: features,
      clippyArguments: unitArguments(settings['clippy-args'], 'cargo'),
      testArguments: testArgumentsOf(facts),
    },
    builds: targets.map(({ target, zigbuild }) => ({
      packages: chosen.map(({ package: { name, version } }) => ({ name, version })),
      binaries: chosen.flatMap(({ binaries }) => binaries),
      featureArguments: features,
      profile: settings.profile,
      target,
      through: { zigbuild },
    })),
  }
}

function testArgumentsOf({ settings, project, gates }: Facts): string[][] {
  const args = settings['test-args']
  const nextest = gates.some((gate) => gate.nextest) || wantsNextest(project.workspaceRoot)
  if (!nextest) return [unitArguments(args, 'cargo')]
  const own = unitArguments(args, 'nextest')
  // What nextest alone is told, cargo is not when it compiles before it, nor for the examples in documentation.
  return own.length === 0 ? [own] : [[], own]
}

/** The plan with all that its calls are given. */
export async function cookingOf(facts: Facts, linked: readonly Linked[]): Promise<Cooking> {
  const builds: Record<string, Environment> = {}
  for (const each of linked) builds[each.target.triple] = await buildEnvironmentFor(facts, each)
  return { plan: cookPlanOf(facts, linked), environments: { gates: await gateEnvironment(facts), builds } }
}
