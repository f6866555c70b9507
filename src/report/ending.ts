/** An expected end whose message is a sentence with cause and remedy. Every other error is a fault of ours. */
export class Failed extends Error {}

/** Something is not here and could not be brought. The remedy stands apart, for who knows others beside it. */
export class Lacking extends Failed {
  readonly why: string
  /** As it stands within a sentence. */
  readonly remedy: string

  constructor(why: string, remedy: string) {
    super(`${why}. ${remedy.charAt(0).toUpperCase()}${remedy.slice(1)}.`)
    this.why = why
    this.remedy = remedy
  }
}

/** An expected end before anything was changed; it tells everything that is wrong at once. */
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
