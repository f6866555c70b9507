/** One line of the table: what was measured, of ours and of what it stands beside, in one run. */
export type Row = { what: string; ours: string; theirs: string; ratio: number; goal: string; met: boolean }

export function median(values: readonly number[] = []): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
}
