import type { HistoryEvent } from './history.ts'
import { readReleaseId } from './id.ts'

/** Releases by what the history says of them. */
type Standing = {
  /** Those that can be gone back to, the one confirmed last first. */
  good: readonly string[]
  /** Of those that were never confirmed, or were gone back from since. */
  failed: ReadonlySet<string>
}

function standingIn(history: readonly HistoryEvent[]): Standing {
  // Both keep the order in which releases came in; a newer word about a release takes the older one's place.
  const good = new Set<string>()
  const failed = new Set<string>()
  for (const { event, release } of history) {
    if (release === undefined) continue
    if (event === 'confirmed') {
      good.delete(release)
      good.add(release)
      failed.delete(release)
    } else if (event === 'rolled-back' || event === 'withdrawn') {
      good.delete(release)
      failed.add(release)
    } else if (!good.has(release)) {
      failed.add(release)
    }
  }
  return { good: [...good].reverse(), failed }
}

export type GoingBack = {
  history: readonly HistoryEvent[]
  /** The names of the folders there are. */
  existing: readonly string[]
  current: string | undefined
}

/** The release confirmed last of those that are there, not current, and were not gone back from since. */
export function releaseToGoBackTo({ history, existing, current }: GoingBack): string | undefined {
  return standingIn(history).good.find((id) => id !== current && existing.includes(id))
}

export type Pruning = {
  history: readonly HistoryEvent[]
  /** The names of the folders there are, whoever made them. */
  existing: readonly string[]
  /** The current release, that of an undecided deploy, and the one it would go back to: never pruned. */
  inUse: readonly string[]
  /** How many confirmed releases stay, the current one among them. */
  keep: number
}

/** For finding out what was wrong with them. */
const MOST_FAILED = 2

/**
 * The folders that can go, the oldest first. What is no release of ours is left alone. Releases that the history does
 * not know may be good ones whose history was lost: they do not count as failed.
 */
export function releasesToPrune({ history, existing, inUse, keep }: Pruning): string[] {
  const { good, failed } = standingIn(history)
  const newestFirst = existing
    .filter((name) => readReleaseId(name) !== undefined)
    .sort()
    .reverse()
  const there = new Set(newestFirst)
  const confirmed = new Set(good)
  const kept = new Set([
    ...inUse,
    ...good.filter((id) => there.has(id)).slice(0, keep),
    ...newestFirst.filter((id) => failed.has(id) && !inUse.includes(id)).slice(0, MOST_FAILED),
    ...newestFirst.filter((id) => !failed.has(id) && !confirmed.has(id)).slice(0, keep),
  ])
  return newestFirst.filter((id) => !kept.has(id)).reverse()
}
