import { readFile, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { parse } from 'smol-toml'
import { isRecord, textOf } from '../json/narrow.ts'

export type CargoConfigOptions = {
  /** Where cargo is run: its configuration is looked for there and in every folder above. */
  directory: string
  cargoHome: string
}

/**
 * What of cargo's configuration decides how something is compiled, nearest file first. Where a file lies is not part of
 * it; a file that is no TOML is taken as it is, since cargo will refuse it anyway.
 */
export async function readCargoConfigs({ directory, cargoHome }: CargoConfigOptions): Promise<unknown[]> {
  const folders = foldersUp(resolve(directory)).map((folder) => join(folder, '.cargo'))
  const found: unknown[] = []
  // Files can include each other.
  const seen = new Set<string>()
  for (const folder of new Set([...folders, resolve(cargoHome)])) {
    const config =
      // cargo prefers the old name where there are both.
      (await readConfig(join(folder, 'config'), seen)) ?? (await readConfig(join(folder, 'config.toml'), seen))
    if (config !== undefined) found.push(...config)
  }
  return found
}

/**
 * What the rest says is how to reach registries and how to talk about it: it changes from machine to machine, holds
 * tokens, and not one compiled byte depends on it. Tables that nobody knows yet are kept: a needless miss costs minutes,
 * a wrong hit costs every run.
 */
const NOT_COMPILING = [
  ...['alias', 'cache', 'cargo-new', 'credential-alias', 'doc', 'future-incompat-report', 'http', 'include', 'install'],
  ...['net', 'registries', 'registry', 'resolver', 'term'],
]
const NOT_COMPILING_OF_BUILD = ['build-dir', 'dep-info-basedir', 'incremental', 'jobs', 'rustdoc', 'rustdocflags']
const ALSO_NOT_OF_BUILD = ['target-dir', 'warnings']

const LONGEST = 1024 * 1024

/** A file and those that it includes; undefined where there is none. */
async function readConfig(path: string, seen: Set<string>): Promise<unknown[] | undefined> {
  const text = seen.has(path) ? undefined : await readText(path)
  if (text === undefined) return undefined
  seen.add(path)
  const table = tableOf(text)
  if (table === undefined) return [text]
  const included: unknown[] = []
  for (const other of includesOf(table)) {
    // A later one wins over an earlier one.
    included.unshift(...((await readConfig(resolve(dirname(path), other), seen)) ?? []))
  }
  const relevant = compilingPart(table)
  return Object.keys(relevant).length === 0 ? included : [relevant, ...included]
}

function compilingPart(table: Record<string, unknown>): Record<string, unknown> {
  const kept = without(table, NOT_COMPILING)
  const { build, target } = kept
  if (isRecord(build)) kept['build'] = without(build, [...NOT_COMPILING_OF_BUILD, ...ALSO_NOT_OF_BUILD])
  if (isRecord(target)) {
    // What runs a finished test has no part in compiling it.
    const parts = Object.entries(target).map(([name, one]) => [name, isRecord(one) ? without(one, ['runner']) : one])
    kept['target'] = Object.fromEntries(parts)
  }
  return without(
    kept,
    Object.keys(kept).filter((key) => isEmpty(kept[key])),
  )
}

function without(table: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(table).filter(([name]) => !names.includes(name)))
}

function isEmpty(value: unknown): boolean {
  return isRecord(value) && Object.keys(value).length === 0
}

/** `include = "a.toml"`, or a list of such paths, or of tables with one. */
function includesOf({ include }: Record<string, unknown>): string[] {
  const all = Array.isArray(include) ? include : [include]
  return all.map((one) => (isRecord(one) ? textOf(one['path']) : textOf(one))).filter((path) => path !== '')
}

function tableOf(text: string): Record<string, unknown> | undefined {
  try {
    return parse(text)
  } catch {
    return undefined
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    const about = await stat(path)
    if (!about.isFile()) return undefined
    return about.size > LONGEST ? `a file of ${about.size} bytes` : await readFile(path, 'utf8')
  } catch {
    // Not there, not a file or not ours to read: in the last case cargo says so better than we could.
    return undefined
  }
}

function foldersUp(folder: string): string[] {
  const above = dirname(folder)
  return above === folder ? [folder] : [folder, ...foldersUp(above)]
}
