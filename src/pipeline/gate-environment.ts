import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readProfile, saysOfBuildScripts } from '../build/profile.ts'
import { readCargoConfigs } from '../cache/cargo-config.ts'
import { cargoAbilities } from '../cache/cook.ts'
import type { Environment } from '../process/environment.ts'
import type { Facts } from './facts.ts'
import { homesOf } from './homes.ts'

type GateFacts = Pick<Facts, 'project' | 'environment' | 'surroundings' | 'rustc'>

/**
 * What the gates compile with. Nobody starts a debugger on a machine of CI, and what only a debugger reads is most of what
 * is compiled for tests: it would be linked, stored and restored in every run. Lines in backtraces stay, but for
 * build scripts and procedural macros.
 */
export async function gateEnvironment(facts: GateFacts): Promise<Environment> {
  const { project, environment, surroundings, rustc } = facts
  if (!surroundings.environment['CI']) return environment
  const { directory, workspaceRoot } = project
  const profile = {
    // Which is told what the profile `dev` is told, and more.
    name: 'test',
    manifest: await readFile(join(workspaceRoot, 'Cargo.toml'), 'utf8'),
    configs: await readCargoConfigs({ directory, cargoHome: homesOf(facts).CARGO_HOME }),
    environment,
  }
  // Whoever has said what he wants gets it.
  if (readProfile(profile).debug !== undefined) return environment
  return {
    ...environment,
    // Older versions know only the number, which stands for more.
    CARGO_PROFILE_DEV_DEBUG: cargoAbilities(rustc.version).namesDebugLevels ? 'line-tables-only' : '1',
    // Most of each is what the standard library has for debuggers.
    ...(!saysOfBuildScripts(profile) && {
      CARGO_PROFILE_DEV_BUILD_OVERRIDE_STRIP: 'debuginfo',
    }),
  }
}
