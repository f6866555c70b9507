import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runTool } from '../process/tool.ts'
import { Failed } from '../report/ending.ts'
import {
  advisoryDatabase,
  complaintOf,
  type DatabaseOptions,
  isAboutDatabase,
  isKept,
  whyNoJudgement,
} from './advisory-database.ts'
import { readAuditConfig } from './audit-config.ts'
import { findingOf, type Lock } from './audit-findings.ts'
import { type AuditReport, readAuditReport } from './audit-report.ts'
import { outdated, saidOf, unchecked, unexplained, unreachable } from './audit-said.ts'
import { whyNoAnswer } from './database-server.ts'
import type { GateOptions } from './gate.ts'
import { refreshIndex } from './index-refresh.ts'
import { readLock } from './lock-file.ts'
import { LockWays } from './lock-ways.ts'
import { Tally } from './tally.ts'
import type { Verdict } from './verdict.ts'
import { ownFile } from './workspace.ts'

export type AuditOptions = GateOptions & {
  /** Has cargo-audit, and gives its path. Where it must be compiled, which takes minutes, it first lets that be stopped. */
  bringProgram: (beforeCompiling: () => Promise<void>) => Promise<string>
  /** `warn` tells everything, and lets it through. */
  mode: 'deny' | 'warn'
  /** An advisory database that cannot be had is no reason to fail: this change does not touch Cargo.lock. */
  lenient: boolean
  /** What could show that it is so, where nobody knows: it is told when the database cannot be had. */
  hint?: string | undefined
  /** What may be kept between runs, so that the database is updated and not fetched anew. */
  databaseFolder: string
  /** How long each server may take, in milliseconds. */
  patienceMs?: number
}

/** The whole database is some megabytes, and a runner's network is seldom that slow. */
const PATIENCE_MS = 120_000

/** Judges Cargo.lock by the advisories of a RustSec database, and by what was yanked from crates.io. */
export async function auditGate(options: AuditOptions): Promise<Verdict> {
  const { workspace, environment, databaseFolder, mode, log, signal, patienceMs = PATIENCE_MS } = options
  const { root } = workspace
  const lockFile = join(root, 'Cargo.lock')
  const packages = readLock(await readFile(lockFile, 'utf8').catch(noLock))
  const config = await readAuditConfig(root, environment)
  const shared = { root, environment, patienceMs, signal }
  const missing = { passes: options.lenient || mode === 'warn', hint: options.hint, config }
  const tally = new Tally()
  const nothing = (why: string): Verdict => {
    tally.add(unreachable({ ...missing, why }))
    return verdictOf(tally, mode, 'Nothing was audited, because the advisory database cannot be had.')
  }
  const program = await programUnlessInVain(options, { ...shared, config, databaseFolder })
  if ('inVain' in program) return nothing(program.inVain)
  const database = await advisoryDatabase({ ...shared, program: program.path, config, databaseFolder })
  if (database.kind === 'none') return nothing(database.why)
  if (database.kind === 'old') tally.add(outdated({ ...missing, why: database.why }, database.of))
  else if (database.of !== '') log.info(`The advisory database was last changed on ${database.of}.`)

  const whyNotRefreshed = config.refreshesIndex ? await refreshIndex({ ...shared, packages }) : undefined
  const { report, code, stderr } = await judge(options, program.path, [...database.args, ...config.denyArguments])
  if (report === undefined) {
    if (isAboutDatabase(stderr)) return nothing(complaintOf(stderr))
    throw new Failed(whyNoJudgement(complaintOf(stderr), config.file))
  }
  const unknown = unchecked(stderr, whyNotRefreshed)
  if (unknown !== undefined) tally.add(unknown)
  const lock: Lock = { file: ownFile(workspace, lockFile), ways: new LockWays(packages) }
  for (const advisory of report.advisories) {
    const level = config.denied.has(advisory.concern) && mode === 'deny' ? 'error' : 'warning'
    tally.addOnce(findingOf(advisory, lock, level))
  }
  const explained = report.advisories.some(({ concern }) => config.denied.has(concern))
  if (code !== 0 && !explained && mode === 'deny') tally.add(unexplained(code, stderr))
  return verdictOf(tally, mode, saidOf(report, packages))
}

function noLock(cause: unknown): never {
  const why = cause instanceof Error ? cause.message : String(cause)
  throw new Failed(`Cargo.lock cannot be read (${why}): run \`cargo generate-lockfile\`, and commit it.`, { cause })
}

/** It is not compiled for minutes to find then that there is no database to judge by. */
async function programUnlessInVain(
  { bringProgram }: AuditOptions,
  database: Omit<DatabaseOptions, 'program'>,
): Promise<{ path: string } | { inVain: string }> {
  const { url, fetch } = database.config.database
  let inVain: string | undefined
  try {
    const path = await bringProgram(async () => {
      inVain = fetch && !isKept(database) ? await whyNoAnswer({ ...database, url }) : undefined
      if (inVain !== undefined) throw new Failed(`The advisory database cannot be had: ${inVain}.`)
    })
    return { path }
  } catch (error) {
    if (inVain === undefined) throw error
    return { inVain }
  }
}

type Judged = { report: AuditReport | undefined; code: number; stderr: string }

/** Without the network: everything was brought before, and that within a time. */
async function judge(options: AuditOptions, program: string, args: readonly string[]): Promise<Judged> {
  const { root } = options.workspace
  const { code, stdout, stderr } = await runTool({
    file: program,
    args: ['audit', '--json', '--color', 'never', '--no-fetch', ...args, '--file', join(root, 'Cargo.lock')],
    cwd: root,
    env: options.environment,
    signal: options.signal,
  })
  return { report: readAuditReport(stdout), code, stderr }
}

function verdictOf({ counts, findings }: Tally, mode: AuditOptions['mode'], said: string): Verdict {
  const reported = mode === 'warn' && counts.warnings > 0 ? ' `audit:warn` only reports that.' : ''
  return { gate: 'audit', passed: counts.errors === 0, counts, said: said + reported, findings }
}
