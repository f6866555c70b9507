import type { Finding } from '../report/finding.ts'
import { complaintOf } from './advisory-database.ts'
import type { AuditConfig, Concern } from './audit-config.ts'
import type { AuditReport } from './audit-report.ts'
import { countOf } from './gate.ts'
import { isFromCratesIo, type LockedPackage } from './lock-file.ts'

/** The advisory database cannot be had, now or at all. */
export type Missing = {
  why: string
  /** Whether that lets the run through. */
  passes: boolean
  hint: string | undefined
  config: AuditConfig
}

export function unreachable(missing: Missing): Finding {
  const { why, passes } = missing
  const next = passes ? 'It is not known whether an advisory concerns Cargo.lock.' : remedyOf(missing)
  return {
    level: passes ? 'warning' : 'error',
    title: 'Nothing was audited',
    message: `The advisory database cannot be had: ${why}.\n${next}`,
  }
}

export function outdated(missing: Missing, of: string): Finding {
  const { why, passes } = missing
  const next = passes ? 'Newer advisories are not in it.' : remedyOf(missing)
  return {
    level: passes ? 'warning' : 'error',
    title: 'The advisory database is old',
    message: `It cannot be updated: ${why}.\nCargo.lock was judged by what was fetched on ${of}. ${next}`,
  }
}

function remedyOf({ why, hint, config: { database, file } }: Missing): string {
  if (!database.fetch) {
    return `${file} says \`fetch = false\`: put a database where cargo-audit looks for it, or let it be fetched.`
  }
  // It was fetched, but nobody has changed it for a quarter of a year.
  if (why.includes('repository is stale')) {
    return 'If that is meant, say `stale = true` under [database] in .cargo/audit.toml.'
  }
  return [
    `Check that this machine reaches ${database.url}, and run it again.`,
    'For an urgent fix, `audit:warn` in `gates` goes on without it.',
    ...(hint === undefined ? [] : [hint]),
  ].join(' ')
}

const UNCHECKED = "couldn't check if the package is yanked: "

/** cargo-audit goes on when it cannot learn whether a package was yanked, and says so beside its report. */
export function unchecked(stderr: string, whyNotRefreshed: string | undefined): Finding | undefined {
  const failures = stderr.split('\n').filter((line) => line.includes(UNCHECKED))
  const title = 'Yanked packages'
  if (failures.length > 0) {
    const why = whyNotRefreshed ?? complaintOf(failures[0] ?? '').replace(UNCHECKED, '')
    const message = `It is not known of ${countOf(failures.length, 'package')} whether they were yanked: ${why}.`
    return { level: 'warning', title, message }
  }
  if (whyNotRefreshed === undefined) return undefined
  const message = `A package that was yanked lately may not be seen, because cargo's index could not be refreshed: ${whyNotRefreshed}.`
  return { level: 'warning', title, message }
}

/** It may know of a reason that it does not put into its report. */
export function unexplained(code: number, stderr: string): Finding {
  return {
    level: 'error',
    title: 'cargo-audit fails without an advisory',
    message: `It ended with exit code ${code}, and its report does not say why: ${complaintOf(stderr)}. Run \`cargo audit\` to see all that it prints.`,
  }
}

export function saidOf({ advisories, packages }: AuditReport, locked: readonly LockedPackage[]): string {
  const counted = COUNTED.flatMap(([concern, one]) => {
    const count = advisories.filter((advisory) => advisory.concern === concern).length
    return count === 0 ? [] : [one(count)]
  })
  const elsewhere = locked.filter((each) => each.source !== '' && !isFromCratesIo(each)).length
  const all = `the ${countOf(packages, 'package')} of Cargo.lock`
  return [
    counted.length === 0 ? `No advisory concerns ${all}.` : `Among ${all}: ${counted.join(', ')}.`,
    // cargo-audit passes over them in silence.
    ...(elsewhere === 0
      ? []
      : [
          `There are no advisories for ${elsewhere} of them, which ${elsewhere === 1 ? 'is' : 'are'} not from crates.io.`,
        ]),
  ].join(' ')
}

const COUNTED: readonly [Concern, (count: number) => string][] = [
  ['vulnerability', (count) => (count === 1 ? '1 vulnerability' : `${count} vulnerabilities`)],
  ['unsound', (count) => `${count} unsound`],
  ['yanked', (count) => `${count} yanked`],
  ['unmaintained', (count) => `${count} unmaintained`],
  ['notice', (count) => countOf(count, 'notice')],
]
