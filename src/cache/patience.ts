/** What was asked of a cache service; `why` says that nothing came of it. */
type Asked = { seconds: number; why?: string }

const WHOLE_MS = 60_000
/** No service answers in less, so it is not asked. */
const LEAST_MS = 1000

/** How long a run waits in vain for a cache service: over all that it asks, since the next answer costs as much. */
export class Patience {
  #leftMs = WHOLE_MS

  get isOver(): boolean {
    return this.#leftMs < LEAST_MS
  }

  async ask<T extends Asked>(question: (limitMs: number) => Promise<T>): Promise<T> {
    const asked = await question(Math.floor(this.#leftMs))
    if (asked.why !== undefined) this.spend(asked.seconds)
    return asked
  }

  /** What came was of no use. */
  spend(seconds: number): void {
    this.#leftMs -= seconds * 1000
  }
}
