import { createHash } from 'node:crypto'

/** 128 bits over plain data, in which the order of keys makes no difference. The order of lists does. */
export function fingerprintOf(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex').slice(0, 32)
}

/** One text for each value, whatever order its keys were written in. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => (isPlain(inner) ? sortedKeys(inner) : inner)) ?? ''
}

/** Every text once, in an order that no machine's language changes. */
export function sortedOnce(texts: Iterable<string>): string[] {
  return [...new Set(texts)].sort()
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function sortedKeys(record: Record<string, unknown>): Record<string, unknown> {
  const sorted: [string, unknown][] = Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(sorted)
}
