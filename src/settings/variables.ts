import type { Name } from './table.ts'

/** Facts that we give to builds under our own prefix; they are no settings. */
const GIVEN_TO_BUILDS = ['RUST_DEPLOY_SHA', 'RUST_DEPLOY_VERSION']

export const PREFIX = 'RUST_DEPLOY_'

export function variableOf(name: Name): string {
  return PREFIX + name.toUpperCase().replaceAll('-', '_')
}

export function isGivenToBuilds(variable: string): boolean {
  return GIVEN_TO_BUILDS.includes(variable)
}
