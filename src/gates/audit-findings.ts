import type { Finding } from '../report/finding.ts'
import type { Concern } from './audit-config.ts'
import type { Advisory } from './audit-report.ts'
import type { LockWays } from './lock-ways.ts'
import { spoken } from './lock-ways.ts'
import { oneLine } from './one-line.ts'
import { remedyFor } from './remedy.ts'

/** Where Cargo.lock is, from the top of the repository, and how its packages get in. */
export type Lock = { file: string | undefined; ways: LockWays }

/** What an advisory says, at the line of Cargo.lock that brings its package in. */
export function findingOf(advisory: Advisory, { file, ways }: Lock, level: Finding['level']): Finding {
  const name = oneLine(advisory.name, 100)
  const version = oneLine(advisory.version, 60)
  const locked = ways.find(advisory.name, advisory.version)
  const way = locked && ways.to(locked)
  const said = [
    `${name} ${version} ${SAYS[advisory.concern]}.`,
    way !== undefined && way.direct !== undefined && `It gets in by ${oneLine(spoken(way), 600)}.`,
    remedyOf(advisory, () => remedyFor({ ...advisory, name, version }, way)),
    advisory.url,
  ]
  return {
    level,
    title: titleOf(advisory, `${name} ${version}`),
    message: said.filter((line) => line !== false && line !== '').join('\n'),
    ...(file !== undefined && { place: { file, ...(locked && { line: locked.line }) } }),
  }
}

const SAYS: Record<Concern, string> = {
  vulnerability: 'has a known vulnerability',
  unsound: 'is unsound: safe code can make it break the rules that memory safety rests on',
  yanked: 'was taken back by its authors (yanked)',
  unmaintained: 'is no longer maintained',
  notice: 'has an advisory that is only for your information',
}

function titleOf({ concern, id, title }: Advisory, named: string): string {
  if (id === '') return concern === 'yanked' ? `${named} is yanked` : named
  return `${oneLine(id, 40)}: ${oneLine(title) || named}`
}

function remedyOf({ concern, id, name, version, patched }: Advisory, fix: () => string): string {
  if (concern === 'yanked') {
    return `Run \`cargo update ${oneLine(name, 100)}@${oneLine(version, 60)}\` for a version that was not.`
  }
  if (patched.length > 0) return fix()
  const accepted = `name ${oneLine(id, 40)} under \`ignore\` in .cargo/audit.toml, with the reason in a comment`
  return `No version is free of it: look for another package, or, if it does not concern you, ${accepted}.`
}
