import { relative } from 'node:path'
import { duration } from './display.ts'
import { bytes } from './markdown.ts'
import type { Report } from './report.ts'

/** What the command line prints when all is over: for `plan` its JSON and nothing else, so that it can be piped. Paths are as seen from `folder`. */
export function resultText(report: Report, outputs: Readonly<Record<string, string>>, folder: string): string {
  if (report.command === 'plan' && outputs['plan'] !== undefined && report.problems.length === 0) {
    return `${JSON.stringify(JSON.parse(outputs['plan']), null, 2)}\n`
  }
  const binaries = report.binaries.flatMap(({ path, size, sha256 }) => [
    ['binary', `${seenFrom(folder, path)} (${bytes(size)})`],
    ['sha256', sha256],
  ])
  const what = report.packages.map(({ name, version }) => ` ${name} ${version}`).join(',')
  // The report of a run that knew no project was written to a folder that is gone by now.
  const kept =
    report.packages.length > 0 && outputs['report'] !== undefined
      ? [['report', seenFrom(folder, outputs['report'])]]
      : []
  const rows = [...binaries, ...kept].map(([name, value]) => `  ${name?.padEnd(8)}${value}\n`)
  return `${report.status}${what} in ${duration(report.seconds)}\n${rows.join('')}`
}

/** Short where it lies below, and whole where a way up would only puzzle. */
function seenFrom(folder: string, path: string): string {
  const way = relative(folder, path)
  return way.startsWith('..') ? path : way
}
