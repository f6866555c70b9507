import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'smol-toml'
import { isRecord, textOf, textsIn } from '../json/narrow.ts'
import type { Environment } from '../process/environment.ts'

/** What an advisory can be about. Only the first always forbids. */
export type Concern = 'vulnerability' | 'unsound' | 'yanked' | 'unmaintained' | 'notice'

/** What of audit.toml changes our own way; cargo-audit reads all of it again by itself. */
export type AuditConfig = {
  /** Where the project, or else the user, has it; undefined when nobody does. */
  file: string | undefined
  database: { url: string; path: string | undefined; fetch: boolean }
  /** Whether cargo's index of crates.io is brought up to date, which says what was yanked. */
  refreshesIndex: boolean
  /** What fails beside vulnerabilities. */
  denied: ReadonlySet<Concern>
  /** For cargo-audit, where audit.toml does not say what fails. */
  denyArguments: readonly string[]
}

const OFFICIAL = 'https://github.com/RustSec/advisory-db.git'

export async function readAuditConfig(root: string, environment: Environment): Promise<AuditConfig> {
  const home = environment['CARGO_HOME'] || join(environment['HOME'] || homedir(), '.cargo')
  const file = [join(root, '.cargo', 'audit.toml'), join(home, 'audit.toml')].find((path) => existsSync(path))
  return auditConfigOf(file === undefined ? '' : await readFile(file, 'utf8'), file)
}

/** Text that cannot be read stands for none: cargo-audit refuses it, with the line that is wrong. */
export function auditConfigOf(text: string, file: string | undefined): AuditConfig {
  const config = tablesOf(text)
  const [advisories, database, output, yanked] = ['advisories', 'database', 'output', 'yanked'].map((name) => {
    const table = config[name]
    return isRecord(table) ? table : {}
  })
  const path = textOf(database?.['path'])
  return {
    file,
    database: {
      url: textOf(database?.['url']) || OFFICIAL,
      path: path || undefined,
      fetch: database?.['fetch'] !== false,
    },
    refreshesIndex: [database?.['fetch'], yanked?.['enabled'], yanked?.['update_index']].every(
      (value) => value !== false,
    ),
    ...deniedBy(output?.['deny'], advisories?.['informational_warnings']),
  }
}

function tablesOf(text: string): Record<string, unknown> {
  try {
    return parse(text)
  } catch {
    return {}
  }
}

function deniedBy(deny: unknown, informational: unknown): Pick<AuditConfig, 'denied' | 'denyArguments'> {
  if (Array.isArray(deny)) {
    const named = textsIn(deny).flatMap((word) =>
      word === 'warnings' ? ALL : ALL.filter((concern) => concern === word),
    )
    return { denied: new Set(['vulnerability', ...named]), denyArguments: [] }
  }
  // To deny a kind would bring it back where the project has left it out.
  const left = Array.isArray(informational) && !informational.includes('unsound') ? ['unsound'] : []
  const named = BY_DEFAULT.filter((concern) => !left.includes(concern))
  return {
    denied: new Set(['vulnerability', ...named]),
    denyArguments: named.flatMap((concern) => ['--deny', concern]),
  }
}

/** As cargo-audit understands `warnings`: notices are not among them. */
const ALL: readonly Concern[] = ['unsound', 'yanked', 'unmaintained']
/** An unmaintained package is as good as it was yesterday. */
const BY_DEFAULT: readonly Concern[] = ['unsound', 'yanked']
