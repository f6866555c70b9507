import { isRecord, textOf, textsIn } from '../json/narrow.ts'
import { type Cfgs, fits } from './cfg.ts'

export type CargoFlags = {
  /** `build.rustflags`. */
  build: readonly string[]
  /** `target.<triple>.rustflags`, and those of every `target.'cfg(…)'` that fits. */
  target: readonly string[]
  hasLinker: boolean
  /** `build.rustc-wrapper`. */
  wrapper: string | undefined
}

/** What cargo's configuration files say of compiling for one target; of two that say it the nearer one comes first. */
export function cargoFlags(configs: readonly unknown[], triple: string, cfgs: Cfgs): CargoFlags {
  const tables = configs.filter(isRecord)
  const builds = tables.map(({ build }) => build).filter(isRecord)
  const targets = tables
    .map(({ target }) => target)
    .filter(isRecord)
    .flatMap((target) => Object.entries(target))
    .filter(([name]) => name === triple || (name.startsWith('cfg') && fits(name, cfgs)))
    .map(([, table]) => table)
    .filter(isRecord)
  return {
    // cargo joins lists, and puts what is nearer last.
    build: builds.toReversed().flatMap((build) => flagsIn(build['rustflags'])),
    target: targets.toReversed().flatMap((target) => flagsIn(target['rustflags'])),
    hasLinker: targets.some((target) => target['linker'] !== undefined),
    wrapper: builds.map((build) => textOf(build['rustc-wrapper'])).find((wrapper) => wrapper !== ''),
  }
}

/** A list, or words in one text. */
function flagsIn(value: unknown): string[] {
  return typeof value === 'string' ? value.split(/\s+/).filter((word) => word !== '') : textsIn(value)
}
