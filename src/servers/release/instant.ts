/** A moment as JSON has it, in UTC: `2026-11-21T07:47:00Z`. */
export function instantIn(value: unknown): string | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/.test(value)) return undefined
  return Number.isNaN(Date.parse(value)) ? undefined : value
}
