import { isRecord, parseRecord, recordsIn, textOf, textsIn } from '../json/narrow.ts'
import { addressOf } from './audit-report.ts'

export type Diagnostic = {
  level: 'error' | 'warning'
  /** `banned`, `rejected`, `vulnerability` … */
  code: string
  message: string
  /** Of the package that it is about; undefined where it is about deny.toml itself. */
  about: { name: string; version: string } | undefined
  labels: readonly Label[]
  notes: readonly string[]
  advisory: { id: string; url: string } | undefined
}

/** A place, in deny.toml or in another file: cargo-deny does not say which. Lines and columns begin at 1. */
export type Label = { line: number; column: number; span: string; message: string }

export type DenyLine =
  | { kind: 'diagnostic'; diagnostic: Diagnostic }
  /** It could not do something, in its own words. */
  | { kind: 'error'; message: string }

/** One line of `cargo deny --format json`; undefined for what says nothing that must be done. */
export function readDenyLine(line: string): DenyLine | undefined {
  const record = line.startsWith('{') ? parseRecord(line) : undefined
  const fields = record?.['fields']
  if (!isRecord(fields)) return undefined
  if (record?.['type'] === 'diagnostic') return diagnosticOf(fields)
  if (record?.['type'] !== 'log' || fields['level'] !== 'ERROR') return undefined
  return { kind: 'error', message: short(fields['message']) }
}

function diagnosticOf(fields: Record<string, unknown>): DenyLine | undefined {
  const level = fields['severity']
  if (level !== 'error' && level !== 'warning') return undefined
  const advisory = isRecord(fields['advisory']) ? fields['advisory'] : undefined
  const id = short(advisory?.['id'])
  const notes = textsIn(fields['notes']).map(short)
  const diagnostic: Diagnostic = {
    level,
    code: short(fields['code']),
    message: short(fields['message']),
    about: packageOf(recordsIn(fields['graphs'])[0]),
    labels: recordsIn(fields['labels']).slice(0, MANY).flatMap(labelOf),
    // Of an advisory they repeat its whole text.
    notes: (advisory === undefined ? notes : notes.filter((note) => note.startsWith('Solution: '))).slice(0, MANY),
    advisory: advisory && { id, url: addressOf(id, textOf(advisory['url'])) },
  }
  return { kind: 'diagnostic', diagnostic }
}

function packageOf(graph: Record<string, unknown> | undefined): Diagnostic['about'] {
  const krate = graph?.['Krate']
  return isRecord(krate) ? { name: short(krate['name']), version: short(krate['version']) } : undefined
}

function labelOf(label: Record<string, unknown>): Label[] {
  const { line, column } = label
  if (!isCount(line) || !isCount(column)) return []
  return [{ line, column, span: short(label['span']), message: short(label['message']) }]
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0
}

/** What is kept of one message: there can be very many of them. */
const MANY = 5

function short(text: unknown): string {
  return textOf(text).slice(0, 2000)
}
