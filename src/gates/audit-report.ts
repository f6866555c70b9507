import { isRecord, parseRecord, recordsIn, textOf, textsIn } from '../json/narrow.ts'
import type { Concern } from './audit-config.ts'

export type Advisory = {
  concern: Concern
  /** Empty for a yanked package, of which there is no advisory. */
  id: string
  title: string
  url: string
  name: string
  version: string
  patched: readonly string[]
}

export type AuditReport = {
  /** How many packages Cargo.lock has. */
  packages: number
  /** When the database was last changed; empty where cargo-audit does not say. */
  databaseOf: string
  advisories: readonly Advisory[]
}

/** What `cargo audit --json` printed; undefined when it printed no report. */
export function readAuditReport(stdout: string): AuditReport | undefined {
  // Its libraries complain on the same stream, before the report and after it.
  for (const line of stdout.split('\n')) {
    const report = line.startsWith('{') ? parseRecord(line) : undefined
    if (report !== undefined && isRecord(report['vulnerabilities'])) return reportOf(report, report['vulnerabilities'])
  }
  return undefined
}

function reportOf(report: Record<string, unknown>, vulnerabilities: Record<string, unknown>): AuditReport {
  const { lockfile, database } = report
  const packages = isRecord(lockfile) ? lockfile['dependency-count'] : undefined
  const warnings = isRecord(report['warnings']) ? report['warnings'] : {}
  return {
    packages: typeof packages === 'number' ? packages : 0,
    databaseOf: isRecord(database) ? textOf(database['last-updated']) : '',
    advisories: [
      ...recordsIn(vulnerabilities['list']).map((each) => advisoryOf('vulnerability', each)),
      ...WARNED.flatMap((concern) => recordsIn(warnings[concern]).map((each) => advisoryOf(concern, each))),
    ],
  }
}

/** The worst first. */
const WARNED = ['unsound', 'yanked', 'unmaintained', 'notice'] as const

function advisoryOf(concern: Concern, each: Record<string, unknown>): Advisory {
  const [locked, advisory, versions] = [each['package'], each['advisory'], each['versions']].map((part) =>
    isRecord(part) ? part : {},
  )
  const id = textOf(advisory?.['id'])
  return {
    concern,
    id,
    title: textOf(advisory?.['title']),
    url: addressOf(id, textOf(advisory?.['url'])),
    name: textOf(locked?.['name']),
    version: textOf(locked?.['version']),
    patched: textsIn(versions?.['patched']),
  }
}

/** The page of the advisory itself, which has everything; else what it names, which is often only a bug report. */
export function addressOf(id: string, named: string): string {
  if (/^RUSTSEC-\d{4}-\d{4}$/.test(id)) return `https://rustsec.org/advisories/${id}`
  return /^https?:\/\/[\x21-\x7e]{1,500}$/.test(named) ? named : ''
}
