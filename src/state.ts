import { parseRecord, textsIn } from './json/narrow.ts'

/** What main leaves for post. */
export const RUNNING = 'running'
export const FINISHED = 'finished'

export function runningState(titles: readonly string[]): string {
  return JSON.stringify({ titles })
}

/** Where in the run it was when this state was the last that it left. */
export function placeInRun(state: string): string {
  if (state === '') return 'before its first step'
  const titles = textsIn(parseRecord(state)?.['titles']).map((title) => `"${title}"`)
  const last = titles.pop()
  if (last === undefined) return 'while no step was running'
  return titles.length === 0 ? `during the step ${last}` : `during the steps ${titles.join(', ')} and ${last}`
}
