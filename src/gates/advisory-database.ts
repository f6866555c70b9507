import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Environment } from '../process/environment.ts'
import { Failed } from '../report/ending.ts'
import type { AuditConfig } from './audit-config.ts'
import { readAuditReport } from './audit-report.ts'
import { oneLine } from './one-line.ts'
import { runWithin } from './within.ts'

export type DatabaseOptions = {
  program: string
  /** Where audit.toml is read from. */
  root: string
  config: AuditConfig
  /** What we keep of databases between runs. */
  databaseFolder: string
  environment: Environment
  /** How long the server of the database may take. */
  patienceMs: number
  signal: AbortSignal
}

/** The advisories that Cargo.lock is judged by. The arguments lead cargo-audit to them. */
export type AdvisoryDatabase =
  /** As it is on its server, or as audit.toml gives it. */
  | { kind: 'current'; args: readonly string[]; of: string }
  /** Its server cannot be reached, but it could once. */
  | { kind: 'old'; args: readonly string[]; of: string; why: string }
  | { kind: 'none'; why: string }

/** Fetches the database, or finds what an earlier run has fetched. */
export async function advisoryDatabase(options: DatabaseOptions): Promise<AdvisoryDatabase> {
  const { fetch, path } = options.config.database
  // It is the project's business then, how it gets there and how old it is.
  if (!fetch) return { kind: 'current', args: [], of: '' }
  const folder = folderOf(options)
  if (path !== undefined) return await fetched(options, folder, [])
  return existsSync(folder) ? await fetched(options, folder, ['--db', folder]) : await cloned(options, folder)
}

type Place = Pick<DatabaseOptions, 'config' | 'root' | 'databaseFolder'>

/** Whether an earlier run has left one, by which can be judged when the server does not answer. */
export function isKept(place: Place): boolean {
  return existsSync(folderOf(place))
}

function folderOf({ config: { database }, root, databaseFolder }: Place): string {
  return database.path === undefined ? join(databaseFolder, nameFor(database.url)) : resolve(root, database.path)
}

/** A database of another address must never be taken for this one: cargo-audit would go on with it. */
function nameFor(url: string): string {
  return `advisory-db-${createHash('sha256').update(url).digest('hex').slice(0, 12)}`
}

/** Updates, or makes, what has a place of its own. */
async function fetched(options: DatabaseOptions, folder: string, args: readonly string[]): Promise<AdvisoryDatabase> {
  const answer = await ask(options, args)
  if ('of' in answer) return { kind: 'current', args, of: answer.of }
  const of = await dayOfFetch(folder)
  return of === undefined ? { kind: 'none', why: answer.why } : { kind: 'old', args, of, why: answer.why }
}

/** The first time it is made elsewhere: cargo-audit cannot go on with half a database that a killed run has left. */
async function cloned(options: DatabaseOptions, folder: string): Promise<AdvisoryDatabase> {
  const making = await emptyFolder(options.databaseFolder)
  try {
    const answer = await ask(options, ['--db', join(making, 'advisory-db')])
    if ('why' in answer) return { kind: 'none', why: answer.why }
    // Another run may have been faster; its database is as good as ours.
    await rename(join(making, 'advisory-db'), folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error
    })
    return { kind: 'current', args: ['--db', folder], of: answer.of }
  } finally {
    await rm(making, { recursive: true, force: true })
  }
}

async function emptyFolder(parent: string): Promise<string> {
  try {
    await mkdir(parent, { recursive: true })
    return await mkdtemp(join(parent, 'new-'))
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Failed(
      `The advisory database has no place in ${parent}: ${why}. Give it a folder that can be written to.`,
      { cause },
    )
  }
}

/** Lets cargo-audit fetch, and judge a lock file that names nothing: what fails then is the database, or audit.toml. */
async function ask(
  { program, root, config, environment, patienceMs, signal }: DatabaseOptions,
  args: readonly string[],
): Promise<{ of: string } | { why: string }> {
  const exited = await runWithin(patienceMs, {
    file: program,
    // The index has no part in this; and cargo-audit would ask for it without end where it cannot be reached.
    args: ['audit', '--json', '--color', 'never', '--no-yanked', ...args, '--file', '-'],
    cwd: root,
    env: environment,
    input: 'version = 4\n',
    signal,
  })
  if (exited === 'overdue') return { why: `its server gave no answer in ${Math.ceil(patienceMs / 1000)} s` }
  const report = readAuditReport(exited.stdout)
  if (report !== undefined) return { of: report.databaseOf.slice(0, 10) }
  const why = complaintOf(exited.stderr)
  if (!isAboutDatabase(exited.stderr)) throw new Failed(whyNoJudgement(why, config.file))
  return { why }
}

export function isAboutDatabase(stderr: string): boolean {
  return /couldn't fetch advisory database|error loading advisory database/.test(stderr)
}

/** What a tool complains of, and the last of its causes: those between mostly repeat the first. */
export function complaintOf(stderr: string): string {
  const start = stderr.search(/^error: /m)
  const [said = '', ...causes] = stderr.slice(Math.max(start, 0)).split(/\n\s*->\s*/)
  const head = said.replace(/^error: (couldn't fetch advisory database: )?/, '').replace(/\n?Caused by:\s*$/, '')
  const last = causes.at(-1)
  const whole = last === undefined || head.includes(last.trim()) ? head : `${head.trimEnd()}: ${last}`
  return oneLine(whole, 600).replace(/\.$/, '') || 'it gave no reason'
}

export function whyNoJudgement(why: string, configFile: string | undefined): string {
  const said = `cargo-audit could not judge Cargo.lock: ${why}.`
  return configFile !== undefined && why.includes('parse error') ? `${said} Look at ${configFile}.` : said
}

async function dayOfFetch(folder: string): Promise<string | undefined> {
  if (!existsSync(folder)) return undefined
  const fetched = await stat(join(folder, '.git', 'FETCH_HEAD')).catch(() => undefined)
  return fetched === undefined ? 'an unknown day' : fetched.mtime.toISOString().slice(0, 10)
}
