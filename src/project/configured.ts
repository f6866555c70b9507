import { isRecord } from '../json/narrow.ts'

/** What cargo's configuration says beside flags and linkers that bears on native code. */
export type Configured = {
  /** The variables of `[env]`, which build scripts get unless the environment has them already. */
  variables: Readonly<Record<string, string>>
  /** The native libraries that `[target.<triple>.<library>]` describes: the build script of whoever links one does not run. */
  replaced: readonly string[]
}

/** Reads cargo's configuration files, the nearest first. https://doc.rust-lang.org/cargo/reference/config.html */
export function configured(configs: readonly unknown[], triple: string): Configured {
  const tables = configs.filter(isRecord)
  const variables: Record<string, string> = {}
  for (const { env } of tables.toReversed()) {
    if (!isRecord(env)) continue
    for (const [name, entry] of Object.entries(env)) {
      const value = isRecord(entry) ? entry['value'] : entry
      if (typeof value === 'string') variables[name] = value
    }
  }
  const targets = tables.map(({ target }) => (isRecord(target) ? target[triple] : undefined)).filter(isRecord)
  const replaced = targets.flatMap((target) => Object.keys(target).filter((name) => isRecord(target[name])))
  return { variables, replaced: [...new Set(replaced)] }
}
