import { stripVTControlCharacters } from 'node:util'
import type { Finding } from '../report/finding.ts'
import type { CacheUnit } from './units.ts'

export type SelfCheckOptions = {
  /** How the dependencies were restored: only an exact hit promises that none of them is compiled. */
  hit: 'exact' | 'prefix' | 'none'
  units: readonly CacheUnit[]
  /** What cargo printed with `--verbose`: it says why it compiles what was there. */
  stderr: readonly string[]
}

const MOST_NAMED = 10

/** Names what an exact hit should have spared and did not: a key that leaves something out would cost every run. */
export function selfCheck({ hit, units, stderr }: SelfCheckOptions): Finding | undefined {
  if (hit !== 'exact') return undefined
  const compiled = units.filter(({ isLocal, fresh }) => !isLocal && !fresh)
  const names = [...new Set(compiled.map(packageOf))].sort()
  if (names.length === 0) return undefined
  const reasons = reasonsIn(stderr)
  const told = names.slice(0, MOST_NAMED).map((name) => `${name} (${reasons.get(name) ?? 'cargo gave no reason'})`)
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : ''
  return {
    level: 'warning',
    title: 'Cached dependencies were compiled',
    message: `The cache of dependencies was found under its exact key, and still ${names.length === 1 ? 'one was' : `${names.length} were`} compiled: ${told.join(', ')}${more}. Something that the key does not cover differs from the run that saved it: look at the reasons, and delete that cache in the repository to have it made again.`,
  }
}

/** cargo's own words: `Dirty <name> v<version> (<where from>): <reason>`. */
function reasonsIn(lines: readonly string[]): Map<string, string> {
  const reasons = new Map<string, string>()
  for (const line of lines) {
    const [, name, version, reason] =
      /^\s*Dirty (\S+) v(\S+?)(?: \([^)]*\))?: (.+)$/.exec(stripVTControlCharacters(line)) ?? []
    if (reason !== undefined && !reasons.has(`${name} ${version}`)) reasons.set(`${name} ${version}`, reason.trim())
  }
  return reasons
}

function packageOf({ name, packageId }: CacheUnit): string {
  const version = /[#@](\d[^#@\s]*)$/.exec(packageId)?.[1] ?? /^\S+ (\S+) \(/.exec(packageId)?.[1]
  return version === undefined ? name : `${name} ${version}`
}
