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
  /** The one that cargo gets. */
  environment: Environment
}

type Table = Record<string, unknown>

/** Reads a profile as cargo resolves it: what it inherits, its own table, and `CARGO_PROFILE_…` over each of them. */
export function readProfile({ name, manifest, environment }: ProfileOptions): Profile {
  const layers = chainOf(name, tablesIn(manifest))
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

/** Whether anybody says how the build scripts and procedural macros of a profile are compiled. */
export function saysOfBuildScripts({ name, manifest, environment }: ProfileOptions): boolean {
  const variable = `CARGO_PROFILE_${name}_BUILD_OVERRIDE_`.toUpperCase()
  const isSet = Object.keys(environment).some((each) => each.startsWith(variable))
  return isSet || tablesIn(manifest).get(name)?.['build-override'] !== undefined
}

/** All that cargo takes for `--profile`: its own, those of the manifest, and those of its configuration files. */
export function profileNames(manifest: string, configs: readonly unknown[]): string[] {
  const configured = configs.filter(isRecord).flatMap(({ profile }) => (isRecord(profile) ? Object.keys(profile) : []))
  return [...new Set([...BUILT_IN.keys(), ...tablesIn(manifest).keys(), ...configured])]
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

function tablesIn(manifest: string): Map<string, Table> {
  let parsed: unknown
  try {
    parsed = parse(manifest)
  } catch {
    // cargo reads it too, and says what is wrong with it.
    return new Map()
  }
  const profiles = isRecord(parsed) && isRecord(parsed['profile']) ? parsed['profile'] : {}
  return new Map(Object.entries(profiles).flatMap(([name, table]) => (isRecord(table) ? [[name, table] as const] : [])))
}

const READ = ['opt-level', 'debug-assertions', 'debug', 'strip', 'lto', 'codegen-units', 'panic']

function fromEnvironment(profile: string, environment: Environment): Table {
  const variable = (key: string) => `CARGO_PROFILE_${profile}_${key}`.replaceAll('-', '_').toUpperCase()
  return Object.fromEntries(
    READ.flatMap((key) => {
      const value = environment[variable(key)]
      return value === undefined ? [] : [[key, value]]
    }),
  )
}
