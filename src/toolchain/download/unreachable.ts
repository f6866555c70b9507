/** The network's or the server's fault. `passing` when another attempt may end better. */
export class Unreachable extends Error {
  readonly passing: boolean

  constructor(why: string, passing: boolean, options?: ErrorOptions) {
    super(why, options)
    this.passing = passing
  }
}

export function networkFault(error: unknown): Unreachable {
  const { message = '', code = '' } = error as NodeJS.ErrnoException
  // Of several addresses that all failed there is no message, only the code.
  return new Unreachable(message || code || 'the connection broke', true, { cause: error })
}

/** What a server's status other than success means for another attempt. */
export function isPassing(status: number): boolean {
  return status >= 500 || status === 408 || status === 429
}
