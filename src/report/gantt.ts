import type { StepRecord } from './record.ts'

/** Where the time went, as a Mermaid chart that GitHub draws. */
export function ganttOf(records: readonly StepRecord[]): string {
  const ran = records.filter(({ state }) => state === 'done' || state === 'failed' || state === 'cancelled')
  if (ran.length < 2) return ''
  const bars = ran.map(({ title, state, startedAt, seconds }) => {
    const start = Math.max(0, Math.round(startedAt))
    // A bar of no length would not be drawn.
    const end = start + Math.max(1, Math.round(seconds * 1000))
    return `    ${label(title)} :${state === 'done' ? '' : 'crit, '}${start}, ${end}`
  })
  return ['```mermaid', 'gantt', '    dateFormat x', '    axisFormat %M:%S', ...bars, '```'].join('\n')
}

/** Mermaid reads `:`, `;`, `#` and line breaks as its own. */
function label(title: string): string {
  return title.replace(/[:;#%`\r\n]+/g, ' ').trim()
}
