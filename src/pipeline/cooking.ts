import { featureArguments } from '../build/arguments.ts'
import type { CookPlan } from '../cache/cook.ts'
import type { Environment } from '../process/environment.ts'
import type { Cooking } from './caching.ts'
import type { Facts } from './facts.ts'
import { gateEnvironment } from './gate-environment.ts'
import type { Linked } from './linking.ts'
import { buildEnvironmentFor } from './reproducing.ts'

/** What this run compiles, in the form in which its dependencies can be compiled ahead. */
export async function cookingOf(facts: Facts, linked: readonly Linked[]): Promise<Cooking> {
  const { settings, chosen, gates, rustc } = facts
  const features = featureArguments(settings.features)
  const testTarget = settings['test-target']
  const has = (name: string) => gates.some((gate) => gate.name === name)
  const plan: CookPlan = {
    gates: {
      clippy: has('clippy'),
      test: has('test'),
      testTarget: testTarget === '' || testTarget === rustc.host ? undefined : testTarget,
      featureArguments: features,
    },
    builds: linked.map(({ target, zigbuild }) => ({
      packages: chosen.map(({ package: { name, version } }) => ({ name, version })),
      binaries: chosen.flatMap(({ binaries }) => binaries),
      featureArguments: features,
      profile: settings.profile,
      target,
      through: { zigbuild },
    })),
  }
  const builds: Record<string, Environment> = {}
  for (const each of linked) builds[each.target.triple] = await buildEnvironmentFor(facts, each)
  const ofGates = await gateEnvironment(facts)
  const keyed: Environment = Object.assign({ ...ofGates }, ...linked.map((each) => each.environment))
  return { plan, environments: { gates: ofGates, builds }, keyed }
}
