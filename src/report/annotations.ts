import type { Finding } from './finding.ts'

/** The runner keeps ten annotations of each kind for a step, and says nothing of the rest. */
const QUOTA = 10

const LEVELS = ['error', 'warning', 'notice'] as const

/** What to annotate: the errors first, and one last line that counts what has no place among them. */
export function annotationsOf(findings: readonly Finding[]): Finding[] {
  const shown: Finding[] = []
  const left: string[] = []
  for (const level of LEVELS) {
    const all = findings.filter((finding) => finding.level === level)
    // The line that counts is a notice too, and must have room.
    const quota = level === 'notice' ? QUOTA - 1 : QUOTA
    shown.push(...all.slice(0, quota))
    if (all.length > quota) left.push(`${all.length - quota} more ${level}${all.length - quota === 1 ? '' : 's'}`)
  }
  if (left.length > 0) {
    shown.push({
      level: 'notice',
      title: 'More findings',
      message: `${left.join(' and ')}: see the job summary and report.json.`,
    })
  }
  return shown
}
