import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readProfile } from '../build/profile.ts'
import type { Environment } from '../process/environment.ts'
import type { Facts } from './facts.ts'

type GateFacts = Pick<Facts, 'project' | 'environment' | 'surroundings'>

/**
 * What the gates compile with. Nobody starts a debugger on a machine of CI, and what only a debugger reads is most of what
 * is compiled for tests: it would be linked, stored and restored in every run. Lines in backtraces stay.
 */
export async function gateEnvironment({ project, environment, surroundings }: GateFacts): Promise<Environment> {
  if (!surroundings.environment['CI']) return environment
  const manifest = await readFile(join(project.workspaceRoot, 'Cargo.toml'), 'utf8')
  // Whoever has said what he wants gets it.
  if (readProfile({ name: 'test', manifest, environment }).debug !== undefined) return environment
  // The number, since older versions of cargo do not know the names.
  return { ...environment, CARGO_PROFILE_DEV_DEBUG: '1' }
}
