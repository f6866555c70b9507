import type { Surroundings } from './pipeline/facts.ts'
import type { Environment } from './process/environment.ts'

/** What both doors read from the environment of the process. */
export function surroundingsOf(environment: Environment, scratch: string): Surroundings {
  return {
    environment,
    serverUrl: environment['GITHUB_SERVER_URL'] || 'https://github.com',
    hasArtifactService: Boolean(environment['ACTIONS_RESULTS_URL']),
    scratch,
  }
}
