import type { Environment } from '../process/environment.ts'
import { checkToolchainName } from './names.ts'
import { findToolchainFile } from './toolchain-file.ts'

export type WantedOptions = {
  directory: string
  /** A channel, a version or the absolute path of a toolchain; empty when nobody set it. */
  setting: string
  environment: Environment
}

export type WantedToolchain = {
  /** Nothing wanted in particular: rustup's default, or the cargo that is there. */
  toolchain: string | undefined
  components: readonly string[]
  targets: readonly string[]
  profile?: string
  /** `setting`, `environment`, `default`, or the path of the toolchain file, relative to the folder. */
  from: string
}

/**
 * What the project wants, in rustup's own order with our setting before it. Whoever builds with another compiler still
 * needs the parts that the file lists.
 */
export async function readWantedToolchain({
  directory,
  setting,
  environment,
}: WantedOptions): Promise<WantedToolchain> {
  const file = await findToolchainFile(directory)
  const { components = [], targets = [], profile } = file ?? {}
  const parts = { components: [...new Set(components)], targets: [...new Set(targets)], ...(profile && { profile }) }
  if (setting !== '') return { toolchain: checkToolchainName(setting, '`toolchain`'), ...parts, from: 'setting' }
  const variable = environment['RUSTUP_TOOLCHAIN']
  if (variable) {
    return { toolchain: checkToolchainName(variable, 'RUSTUP_TOOLCHAIN'), ...parts, from: 'environment' }
  }
  return { toolchain: file?.toolchain, ...parts, from: file?.path ?? 'default' }
}
