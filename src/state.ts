/** What main leaves for post. */
export const STEP = 'step'
export const FINISHED = 'finished'
