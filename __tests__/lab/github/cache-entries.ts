import type { Content } from './blobs.ts'
import type { Caller } from './run.ts'

export type CacheEntry = {
  id: number
  repository: string
  scope: string
  key: string
  version: string
  blob: string
  createdAt: Date
  /** Missing while it is only reserved. */
  content?: Content
}

type Wanted = { key: string; restoreKeys: readonly string[]; version: string }

/** The caches of all repositories, and GitHub's rules for finding one. */
export class CacheEntries {
  readonly #entries: CacheEntry[] = []

  list(): readonly CacheEntry[] {
    return this.#entries
  }

  add(entry: Omit<CacheEntry, 'id' | 'createdAt'>): CacheEntry {
    const added = { ...entry, id: this.#entries.length + 1, createdAt: new Date() }
    this.#entries.push(added)
    return added
  }

  /** The entry of exactly this place, finished or only reserved. */
  at(place: Pick<CacheEntry, 'repository' | 'scope' | 'key' | 'version'>): CacheEntry | undefined {
    return this.#entries.find(
      (entry) =>
        entry.repository === place.repository &&
        entry.scope === place.scope &&
        entry.key === place.key &&
        entry.version === place.version,
    )
  }

  /** Scope by scope: the key itself, then what begins with it, then what begins with each restore key; newest first. */
  find(caller: Caller, { key, restoreKeys, version }: Wanted): CacheEntry | undefined {
    const tests = [
      (entry: CacheEntry) => entry.key === key,
      ...[key, ...restoreKeys].map((prefix) => (entry: CacheEntry) => entry.key.startsWith(prefix)),
    ]
    for (const { scope, read } of caller.scopes) {
      if (!read) continue
      const newestFirst = this.#entries
        .filter((entry) => entry.repository === caller.repository && entry.scope === scope)
        .filter((entry) => entry.version === version && entry.content !== undefined)
        .toReversed()
      for (const test of tests) {
        const found = newestFirst.find(test)
        if (found !== undefined) return found
      }
    }
    return undefined
  }
}
