/** A server that restarts, or drops one login of many, answers one of these; a wrong address does not keep anybody long. */
export const MOST_ATTEMPTS = 5
const FIRST_PAUSE_MS = 500

/** Doubles with each attempt. Runners that were turned away together must not come back together. */
export function pauseAfter(attempt: number, random: () => number = Math.random): number {
  return FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + random() / 2)
}
