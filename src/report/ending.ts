/** An expected end whose message is a sentence with cause and remedy. Every other error is a fault of ours. */
export class Failed extends Error {}

/** The same, before anything was changed; it tells everything that is wrong at once. */
export class Refused extends Error {
  readonly problems: readonly string[]

  constructor(problems: string | readonly string[], options?: ErrorOptions) {
    const all = typeof problems === 'string' ? [problems] : problems
    super(all.join('\n'), options)
    this.problems = all
  }
}

/** Somebody asked us to stop. */
export class Cancelled extends Error {}
