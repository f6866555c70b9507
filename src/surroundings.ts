import { eventOf } from './event.ts'
import { version } from './identity.ts'
import type { Surroundings } from './pipeline/facts.ts'
import type { Environment } from './process/environment.ts'

/** What only the door itself knows. */
export type OwnFacts = {
  scratch: string
  /** Where pinned tools are kept from one run to the next. */
  toolFolder: string
  colour: boolean
  /** The command that runs what talks to the cache service. */
  transfer: readonly [string, ...string[]]
}

/** What both doors read from the environment of the process. */
export function surroundingsOf(environment: Environment, own: OwnFacts): Surroundings {
  return {
    ...own,
    version,
    environment,
    serverUrl: environment['GITHUB_SERVER_URL'] || 'https://github.com',
    apiUrl: environment['GITHUB_API_URL'] || 'https://api.github.com',
    repository: environment['GITHUB_REPOSITORY'] ?? '',
    event: eventOf(environment),
    hasArtifactService: Boolean(environment['ACTIONS_RESULTS_URL']),
    hasIdToken: Boolean(environment['ACTIONS_ID_TOKEN_REQUEST_URL']),
    inActions: environment['GITHUB_ACTIONS'] === 'true',
    hasCacheService: Boolean(environment['ACTIONS_RESULTS_URL'] && environment['ACTIONS_CACHE_SERVICE_V2']),
    cacheMode: environment['ACTIONS_CACHE_MODE'],
    machine: {
      os: environment['RUNNER_OS'] || process.platform,
      arch: environment['RUNNER_ARCH'] || process.arch,
      imageOs: environment['ImageOS'],
      // Only a machine that is thrown away afterwards is ours to change.
      isThrownAway: environment['RUNNER_ENVIRONMENT'] === 'github-hosted',
      isRoot: process.getuid?.() === 0,
    },
  }
}
