import { isEnterpriseServer } from '../build/artifact.ts'
import { type CachePolicy, cachePolicy } from '../cache/policy.ts'
import type { Facts } from './facts.ts'

function whyNoService({ inActions, hasCacheService, serverUrl }: Facts['surroundings']): string | undefined {
  if (!inActions) return 'there is no cache service outside GitHub Actions'
  if (isEnterpriseServer(serverUrl)) return 'GitHub Enterprise Server has no cache service that this program could use'
  return hasCacheService ? undefined : 'this runner offers no cache service'
}

/** What this run may do with caches. */
export function policyOf({ settings, surroundings }: Facts): CachePolicy {
  const { event, cacheMode } = surroundings
  return cachePolicy({
    setting: settings.cache,
    whyNoService: whyNoService(surroundings),
    eventName: event.name,
    ref: event.ref,
    refType: event.refType,
    defaultBranch: event.defaultBranch,
    isFork: event.isFork,
    cacheMode,
  })
}
