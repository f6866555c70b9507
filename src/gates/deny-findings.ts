import type { Finding, Place } from '../report/finding.ts'
import type { Lock } from './audit-findings.ts'
import type { Diagnostic, Label } from './deny-report.ts'
import type { LockedPackage } from './lock-file.ts'
import { nameOf, spoken } from './lock-ways.ts'
import { oneLine } from './one-line.ts'

/** deny.toml: where it is from the top of the repository, and its lines. */
export type DenyConfig = { file: string | undefined; lines: readonly string[] }

/** What cargo-deny said, at the package in Cargo.lock that it is about, or at its own line of deny.toml. */
export function denyFinding(diagnostic: Diagnostic, lock: Lock, config: DenyConfig): Finding {
  const { level, code, about, labels, notes, advisory, message } = diagnostic
  const locked = about && lock.ways.find(about.name, about.version)
  const way = locked && lock.ways.to(locked)
  const named = about === undefined ? '' : oneLine(nameOf(about), 160)
  const said = [
    sentence(about === undefined || message.includes(about.version) ? message : `${named}: ${message}`),
    ...labels.flatMap((label) => spokenLabel(label, config) ?? []),
    way?.direct !== undefined && `It gets in by ${oneLine(spoken(way), 600)}.`,
    ...notes.map(sentence),
    advisory?.url,
  ]
  const place = placeOf(locked, labels, lock, config)
  return {
    level,
    title:
      advisory === undefined
        ? `cargo-deny: ${oneLine(code, 60) || level}`
        : `${oneLine(advisory.id, 40)}: ${oneLine(message)}`,
    message: said.filter((line) => typeof line === 'string' && line !== '').join('\n'),
    ...(place !== undefined && { place }),
  }
}

function sentence(text: string): string {
  const line = oneLine(text, 500)
  return line === '' || /[.!?…]$/.test(line) ? line : `${line}.`
}

/** `deny.toml:14: banned here: winapi` */
function spokenLabel(label: Label, config: DenyConfig): string | undefined {
  if (!isIn(config, label) || label.message === '') return undefined
  return `${config.file ?? 'deny.toml'}:${label.line}: ${oneLine(label.message, 200)}: ${oneLine(label.span, 200)}`
}

function placeOf(
  locked: LockedPackage | undefined,
  labels: readonly Label[],
  lock: Lock,
  config: DenyConfig,
): Place | undefined {
  if (locked !== undefined && lock.file !== undefined) return { file: lock.file, line: locked.line }
  const label = labels.find((each) => isIn(config, each))
  if (config.file === undefined) return undefined
  return label === undefined ? { file: config.file } : { file: config.file, line: label.line, column: label.column }
}

/** Its labels name no file: one of deny.toml is known by the text that stands at its place. */
function isIn({ lines }: DenyConfig, { line, column, span }: Label): boolean {
  const text = lines[line - 1]?.slice(column - 1, column - 1 + span.length + 2) ?? ''
  // It gives strings without their quotes.
  return span !== '' && text.replace(/^["']/, '').startsWith(span.split('\n', 1)[0] ?? '')
}
