import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import type { Facts } from './pipeline/facts.ts'
import type { Plan } from './pipeline/plan.ts'
import type { Display } from './report/display.ts'
import { Cancelled, Failed, Refused } from './report/ending.ts'
import type { Redaction } from './report/redact.ts'
import type { Report, Status } from './report/report.ts'
import { summaryOf } from './report/summary.ts'
import type { Outputs } from './settings/outputs.ts'

export function exitCodeOf(status: Status): 0 | 1 | 2 {
  return status === 'refused' ? 2 : status === 'failed' ? 1 : 0
}

export function statusOf(facts: Facts | undefined, fault: unknown): Status {
  if (fault instanceof Refused) return 'refused'
  if (fault !== undefined || facts === undefined) return 'failed'
  const { command, 'dry-run': dryRun } = facts.settings
  if (command === 'plan' || dryRun) return 'planned'
  return command === 'check' ? 'checked' : 'built'
}

export function problemsOf(fault: unknown, signal: AbortSignal): readonly string[] {
  if (fault === undefined) return []
  if (fault instanceof Refused) return fault.problems
  if (fault instanceof Failed) return [fault.message]
  if (fault instanceof Cancelled || signal.aborted) {
    const why = signal.reason instanceof Error ? signal.reason.message : 'The run was stopped.'
    return [`${why} Nothing more was done.`]
  }
  const what = fault instanceof Error ? (fault.stack ?? fault.message) : String(fault)
  return [`Something happened that rust-deploy did not expect; please report it with these lines:\n${what}`]
}

/** A fault that ended the run early, told together with what was wrong with the settings anyway. */
export function besideProblems(problems: readonly string[], fault: unknown): unknown {
  if (problems.length === 0) return fault
  if (fault instanceof Refused) return new Refused([...problems, ...fault.problems])
  return fault instanceof Failed ? new Refused([...problems, fault.message]) : fault
}

export function commitOf({ sha, branch, tags, dirty }: NonNullable<Facts['git']>): NonNullable<Report['commit']> {
  return { sha, ...(branch !== undefined && { branch }), tags, dirty }
}

/** Takes out of every text of a value the secrets, and what children print for terminals only. */
export function redacted<T>(redaction: Redaction, value: T): T {
  // Each text by itself: once it is JSON, a secret with a quote or a line break in it looks different.
  return JSON.parse(
    JSON.stringify(value, (_, inner) => (typeof inner === 'string' ? redaction.apply(withoutControls(inner)) : inner)),
  )
}

/** Line breaks and tabs stay; colours, bells and zero bytes are nothing that a report could mean. */
function withoutControls(text: string): string {
  return stripVTControlCharacters(text).replace(/[\x00-\x08\x0b-\x1f\x7f]/g, '')
}

/** report.json, and beside it the summary for people whose CI shows none. Gives the path of the former. */
export function writeReport(folder: string, report: Report, display: Display): string | undefined {
  const path = join(folder, 'report.json')
  try {
    mkdirSync(folder, { recursive: true })
    writeFileSync(path, `${JSON.stringify(report, null, 2)}\n`)
    writeFileSync(join(folder, 'summary.md'), summaryOf(report))
    return path
  } catch (error) {
    // A full disk must not hide what the run has to say.
    display.problem('warning', `report.json could not be written: ${(error as Error).message}`)
    return undefined
  }
}

export function outputsOf(report: Report, plan: Plan | undefined, path: string | undefined): Outputs {
  const { status, binaries, artifacts, packages } = report
  const [binary, ...otherBinaries] = binaries
  const [artifact, ...otherArtifacts] = artifacts
  const [version, ...otherVersions] = new Set(packages.map((each) => each.version))
  return {
    status,
    ...(version !== undefined && otherVersions.length === 0 && { version }),
    // What the headers say at length is in the report.
    binaries: JSON.stringify(binaries.map(({ proof: _, ...rest }) => rest)),
    ...(binary !== undefined && otherBinaries.length === 0 && { binary: binary.path, sha256: binary.sha256 }),
    ...(artifact !== undefined && otherArtifacts.length === 0 && { 'artifact-id': String(artifact.id) }),
    ...(plan !== undefined && { plan: JSON.stringify(plan) }),
    ...(path !== undefined && { report: path }),
  }
}
