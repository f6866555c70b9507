import { isRecord, parseRecord } from '../../json/narrow.ts'
import { readReleaseId } from './id.ts'
import { instantIn } from './instant.ts'

/** What `release.json` says of the release that it lies in. Times are as JSON has them: `2026-11-21T07:47:00Z`. */
export type Release = {
  id: string
  app: string
  version: string
  commit?: string | undefined
  committedAt?: string | undefined
  run?: ReleaseRun | undefined
  target: string
  builtAt: string
  binary: ReleasedFile
  files: readonly ReleasedFile[]
  /** The SHA-256 digest of the file `env`, which has a secret salt in it: nothing can be guessed from this. */
  env?: string | undefined
  smokeArguments?: readonly string[] | undefined
  migrateArguments?: readonly string[] | undefined
  /** Undefined only of a release that a newer version of ours has made and says something new of. */
  migrate: 'none' | 'done' | 'failed' | undefined
}

export type ReleaseRun = {
  url?: string | undefined
  number?: number | undefined
  attempt?: number | undefined
  actor?: string | undefined
}

/** `name` is relative to the folder of the release. */
export type ReleasedFile = { name: string; size: number; sha256: string }

export type ReleaseReading =
  | { kind: 'release'; release: Release }
  /** `why` as it stands after the name of the file. */
  | { kind: 'damaged'; why: string }

const SCHEMA = 1
/** A release of a hundred thousand files has less. */
const MOST_CHARACTERS = 32 * 1024 * 1024

export function writeRelease(release: Release): string {
  const { id, app, version, commit, committedAt, run, target, builtAt, binary, files, env } = release
  const ordered = {
    ...{ schema: SCHEMA, id, app, version, commit, committedAt },
    run: run && { url: run.url, number: run.number, attempt: run.attempt, actor: run.actor },
    ...{ target, builtAt, binary: fileOf(binary), files: files.map(fileOf), env },
    smokeArguments: release.smokeArguments,
    migrateArguments: release.migrateArguments,
    migrate: release.migrate,
  }
  return `${JSON.stringify(ordered, null, 2)}\n`
}

function fileOf({ name, size, sha256 }: ReleasedFile): ReleasedFile {
  return { name, size, sha256 }
}

/**
 * A file of this version is right in everything or damaged. Of a newer version's, what has a form that is not known here
 * counts as not there, as long as it is nothing without which there is no going back to the release.
 */
export function readRelease(text: string): ReleaseReading {
  if (text.length > MOST_CHARACTERS) return damaged('is far too large')
  const record = parseRecord(text)
  if (record === undefined) return damaged('is not a JSON object')
  const schema = wholeNumber(record['schema'])
  if (schema === undefined || schema < 1) return damaged('has no `schema`')
  const unknown: string[] = []
  const field = <T>(name: string, read: (value: unknown) => T | undefined): T | undefined => {
    const value = record[name]
    const known = value === undefined ? undefined : read(value)
    if (value !== undefined && known === undefined) unknown.push(name)
    return known
  }

  const optional = {
    commit: field('commit', matching(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/)),
    committedAt: field('committedAt', instantIn),
    run: field('run', runIn),
    env: field('env', digest),
    smokeArguments: field('smokeArguments', argumentsIn),
    migrateArguments: field('migrateArguments', argumentsIn),
    migrate: field('migrate', migrateIn),
  }
  const id = field('id', (value) => (typeof value === 'string' ? readReleaseId(value)?.id : undefined))
  const app = field('app', matching(/^[a-z][a-z0-9_-]{0,30}$/))
  const version = field('version', line)
  const target = field('target', matching(/^[A-Za-z0-9_.-]{1,100}$/))
  const builtAt = field('builtAt', instantIn)
  const binary = field('binary', fileIn)
  const files = field('files', filesIn)

  if (schema === SCHEMA) {
    if (unknown.length > 0) return damaged(`has something else in ${quoted(unknown)} than what belongs there`)
    if (optional.migrate === undefined) return damaged('lacks `migrate`')
  }
  const needed = { id, app, version, target, builtAt, binary, files }
  if (!isWhole(needed)) {
    const lacking = quoted(Object.entries(needed).flatMap(([name, value]) => (value === undefined ? [name] : [])))
    if (schema === SCHEMA) return damaged(`lacks ${lacking}`)
    return damaged(`comes from a newer version of rust-deploy, and its ${lacking} cannot be read by this one`)
  }
  return { kind: 'release', release: { ...needed, ...optional } }
}

function damaged(why: string): ReleaseReading {
  return { kind: 'damaged', why }
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ')
}

function isWhole<T extends object>(record: T): record is { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.values(record).every((value) => value !== undefined)
}

function matching(form: RegExp): (value: unknown) => string | undefined {
  return (value) => (typeof value === 'string' && form.test(value) ? value : undefined)
}

const digest = matching(/^[0-9a-f]{64}$/)
/** What is shown to people: nothing in it moves their cursor or turns the text around. */
const line = matching(/^[^\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_C}]{1,2000}$/u)

function wholeNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}

function migrateIn(value: unknown): 'none' | 'done' | 'failed' | undefined {
  return value === 'none' || value === 'done' || value === 'failed' ? value : undefined
}

function argumentsIn(value: unknown): string[] | undefined {
  // No program can be given a NUL.
  const isArgument = (word: unknown) => typeof word === 'string' && !word.includes('\0')
  return Array.isArray(value) && value.every(isArgument) ? value : undefined
}

function runIn(value: unknown): ReleaseRun | undefined {
  if (!isRecord(value)) return undefined
  const run = {
    url: line(value['url']),
    number: wholeNumber(value['number']),
    attempt: wholeNumber(value['attempt']),
    actor: line(value['actor']),
  }
  const isRight = Object.entries(run).every(([name, known]) => (known === undefined) === (value[name] === undefined))
  return isRight ? run : undefined
}

function filesIn(value: unknown): ReleasedFile[] | undefined {
  if (!Array.isArray(value)) return undefined
  const files = value.map(fileIn).filter((file) => file !== undefined)
  return files.length === value.length ? files : undefined
}

/** Names are used as paths below the release: none leads out of it. */
function fileIn(value: unknown): ReleasedFile | undefined {
  if (!isRecord(value)) return undefined
  const name = line(value['name'])
  const size = wholeNumber(value['size'])
  const sha256 = digest(value['sha256'])
  if (name === undefined || size === undefined || sha256 === undefined) return undefined
  return name.split('/').some((part) => part === '' || part === '.' || part === '..')
    ? undefined
    : { name, size, sha256 }
}
