import { join } from 'node:path'
import { Patience } from '../cache/patience.ts'
import type { CachePolicy } from '../cache/policy.ts'
import { policyOf } from './cache-policy.ts'
import type { Facts } from './facts.ts'
import type { StepContext } from './step.ts'

/** What all that is asked of the cache service in a run has in common. */
export type CacheAccess = {
  policy: CachePolicy
  patience: Patience
  service: (context: StepContext) => ReturnType<typeof serviceOf>
  /** A folder on the disk of what is compiled, for what is not yet in its place. */
  staging: (name: string) => string
}

export const NO_ANSWER = 'the cache service did not answer before'

export function cacheAccess(facts: Facts): CacheAccess {
  return {
    policy: policyOf(facts),
    patience: new Patience(),
    service: (context) => serviceOf(facts, context),
    staging: (name) => join(facts.project.buildDirectory, 'rust-deploy', name),
  }
}

function serviceOf({ surroundings: { transfer, scratch, environment } }: Facts, { log, signal }: StepContext) {
  return { transfer, scratch, environment, log, signal }
}
