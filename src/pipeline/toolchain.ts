import { existsSync } from 'node:fs'
import { buildEnvironment } from '../process/environment.ts'
import type { Reading } from '../settings/reading.ts'
import { early } from '../settings/settle.ts'
import { type InstalledToolchain, installToolchain } from '../toolchain/install.ts'
import { readWantedToolchain } from '../toolchain/wanted.ts'
import type { Surroundings } from './facts.ts'
import { type Pipeline, Step } from './step.ts'

/** The first thing of every run: without cargo nobody can read the project, nor the settings that stand in it. */
export function toolchainPipeline(
  door: Reading,
  surroundings: Surroundings,
  secrets: readonly string[],
): { pipeline: Pipeline; installed: () => InstalledToolchain } {
  const directory = early(door.given, 'working-directory')
  const environment = buildEnvironment(surroundings.environment, secrets)
  const step = new Step<InstalledToolchain>({
    name: 'toolchain',
    title: 'Have the toolchain',
    // That the folder is wrong is told with all else that is wrong.
    applies: () => existsSync(directory) || 'the working directory is not there',
    plan: () => [],
    run: async ({ log, signal }) => {
      const wanted = await readWantedToolchain({ directory, setting: early(door.given, 'toolchain'), environment })
      const { scratch } = surroundings
      const found = await installToolchain({ directory, environment, wanted, scratch, log, signal })
      log.info(
        `${found.environment['RUSTUP_TOOLCHAIN'] ?? "the machine's own"} (${FROM[wanted.from] ?? wanted.from})${found.installed.length > 0 ? `, installed now: ${found.installed.join(', ')}` : ''}`,
      )
      return found
    },
  })
  const none = { environment: {}, hasRustup: false, installed: [] }
  return { pipeline: [step], installed: () => (step.hasRun ? step.result : none) }
}

const FROM: Readonly<Record<string, string>> = {
  setting: '`toolchain`',
  environment: 'RUSTUP_TOOLCHAIN',
  default: 'nothing else is wanted',
}
