import { parse } from 'smol-toml'
import { isRecord } from '../json/narrow.ts'
import type { Environment } from '../process/environment.ts'
import { Refused } from '../report/ending.ts'

/** What the resolved profile says, with cargo's defaults where nobody says anything. */
export type Profile = {
  name: string
  optLevel: string
  debugAssertions: boolean
  /** As written; undefined where cargo decides. */
  debug: string | undefined
  strip: string | undefined
  lto: string | undefined
  codegenUnits: number | undefined
  panic: string | undefined
}

export type ProfileOptions = {
  name: string
  /** The Cargo.toml of the workspace's root: profiles of members are ignored by cargo too. */
  manifest: string
  /** What cargo's configuration files say, the strongest first. */
  configs: readonly unknown[]
  /** The one that cargo gets. */
  environment: Environment
}

type Table = Record<string, unknown>

/**
 * Reads a profile as cargo resolves it: what it inherits, then its own table. Over the table of the manifest stand those of
 * configuration files, and over each of them `CARGO_PROFILE_…`.
 */
export function readProfile({ name, manifest, configs, environment }: ProfileOptions): Profile {
  const layers = chainOf(name, tablesOver(manifest, configs))
    .toReversed()
    .flatMap((layer) => [layer.own, fromEnvironment(layer.name, environment)])
  const merged: Table = Object.assign({}, ...layers)
  const text = (key: string) => {
    const value = merged[key]
    return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : undefined
  }
  const units = Number(text('codegen-units'))
  return {
    name,
    optLevel: text('opt-level') ?? '0',
    debugAssertions: text('debug-assertions') === 'true',
    debug: text('debug'),
    strip: text('strip'),
    lto: text('lto'),
    codegenUnits: Number.isInteger(units) && units > 0 ? units : undefined,
    panic: text('panic'),
  }
}

/** Whether anybody says how the build scripts and procedural macros of a profile, or of one it inherits from, are compiled. */
export function saysOfBuildScripts({ name, manifest, configs, environment }: ProfileOptions): boolean {
  const variables = Object.keys(environment)
  return chainOf(name, tablesOver(manifest, configs)).some(
    (layer) =>
      layer.own['build-override'] !== undefined ||
      variables.some((each) => each.startsWith(variableOf(layer.name, 'build-override-'))),
  )
}

/** All that cargo takes for `--profile`: its own, those of the manifest, and those of its configuration files. */
export function profileNames(manifest: string, configs: readonly unknown[]): string[] {
  return [...new Set([...BUILT_IN.keys(), ...tablesOver(manifest, configs).keys()])]
}

/** Refuses what must not serve anybody: code that is many times slower, and stops at checks meant for developers. */
export function checkProfileForDeploy({ name, optLevel, debugAssertions }: Profile): void {
  const why =
    (['dev', 'test'].includes(name) && 'is for developing') ||
    (optLevel === '0' && 'has `opt-level = 0`, so nothing is optimised') ||
    (debugAssertions && 'has `debug-assertions`, so checks for developers end the service')
  if (!why) return
  throw new Refused(
    `The profile \`${name}\` ${why}, and a debug build is not deployed: leave \`profile\` out, or name one that inherits from release and does not change this.`,
  )
}

const DEV = { 'opt-level': 0, 'debug-assertions': true }
const RELEASE = { 'opt-level': 3, 'debug-assertions': false }
/** What cargo itself knows. */
const BUILT_IN = new Map<string, { table: Table; inherits?: string }>([
  ['dev', { table: DEV }],
  ['release', { table: RELEASE }],
  ['test', { table: {}, inherits: 'dev' }],
  ['bench', { table: {}, inherits: 'release' }],
])

/** The profile and all that it inherits from; the last is one of cargo's own. */
function chainOf(name: string, tables: ReadonlyMap<string, Table>): { name: string; own: Table }[] {
  const chain: { name: string; own: Table }[] = []
  let next: string | undefined = name
  // cargo refuses a circle; here it only must come to an end.
  while (next !== undefined && chain.every((layer) => layer.name !== next)) {
    const own: Table = tables.get(next) ?? {}
    const builtIn = BUILT_IN.get(next)
    chain.push({ name: next, own: { ...builtIn?.table, ...own } })
    const { inherits } = own
    next = builtIn === undefined && typeof inherits === 'string' ? inherits : builtIn?.inherits
  }
  return chain
}

/** What is said of each profile, by the strongest of those who say it. */
function tablesOver(manifest: string, configs: readonly unknown[]): Map<string, Table> {
  const tables = new Map<string, Table>()
  for (const source of [parsed(manifest), ...configs.toReversed()]) {
    const profiles = isRecord(source) && isRecord(source['profile']) ? source['profile'] : {}
    for (const [name, table] of Object.entries(profiles)) {
      if (isRecord(table)) tables.set(name, { ...tables.get(name), ...table })
    }
  }
  return tables
}

function parsed(manifest: string): unknown {
  try {
    return parse(manifest)
  } catch {
    // cargo reads it too, and says what is wrong with it.
    return undefined
  }
}

const READ = ['opt-level', 'debug-assertions', 'debug', 'strip', 'lto', 'codegen-units', 'panic']

function fromEnvironment(profile: string, environment: Environment): Table {
  return Object.fromEntries(
    READ.flatMap((key) => {
      const value = environment[variableOf(profile, key)]
      return value === undefined ? [] : [[key, value]]
    }),
  )
}

function variableOf(profile: string, key: string): string {
  return `CARGO_PROFILE_${profile}_${key}`.replaceAll('-', '_').toUpperCase()
}
