import { differenceFrom } from './difference.ts'
import { duration, endOf } from './display.ts'
import type { Finding } from './finding.ts'
import { ganttOf } from './gantt.ts'
import { bytes, code, inline, prose, tableOf } from './markdown.ts'
import type { Report } from './report.ts'

/** The runner throws a summary away that is larger than 1 MiB. */
const LARGEST = 1024 * 1024
const FINDINGS_SHOWN = 100

/** The job summary: what happened, in the order in which a person asks. */
export function summaryOf(report: Report): string {
  const parts = [
    `### ${headline(report)}`,
    problemsPart(report),
    noteOnDirt(report),
    tableOf(
      ['Gate', 'Verdict'],
      report.gates.map((gate) => [inline(gate.gate), `${markOf(gate)} ${prose(gate.said)}`]),
    ),
    findingsPart(report),
    tableOf(
      ['Binary', 'Version', 'Target', 'What it is', 'SHA-256'],
      report.binaries.map(({ name, version, target = '', size, sha256, proof }) => [
        code(name),
        inline(version),
        inline(target),
        inline(proof?.said ?? bytes(size)),
        code(sha256),
      ]),
    ),
    largestSections(report.binaries),
    tableOf(
      ['Artifact', 'Id', 'Size'],
      report.artifacts.map((artifact) => [code(artifact.name), String(artifact.id), bytes(artifact.bytes)]),
    ),
    tableOf(
      ['Step', 'Result'],
      report.steps.map((step) => [
        inline(step.title),
        inline(`${step.state === 'failed' ? '❌ ' : ''}${endOf(step)}${undone(step.undo)}`),
      ]),
    ),
    cachesPart(report.caches),
    ganttOf(report.steps),
    advicePart(report.advice),
  ]
  const whole = `${parts.filter((part) => part !== '').join('\n\n')}\n`
  if (Buffer.byteLength(whole) <= LARGEST) return whole
  return `### ${headline(report)}\n\nThe rest is too long for a job summary: see report.json.\n`
}

function headline({ status, packages, seconds, environment }: Report): string {
  const what = packages.map(({ name, version }) => `${inline(name)} ${inline(version)}`).join(', ')
  const where = environment === '' ? '' : ` for ${inline(environment)}`
  const mark = { planned: '📋', checked: '✅', built: '✅', failed: '❌', refused: '⛔' }[status]
  return `${mark} ${what === '' ? 'rust-deploy' : what}${where}: ${status} in ${duration(seconds)}`
}

function noteOnDirt({ commit }: Report): string {
  const said = commit && differenceFrom(commit, code)
  return said === undefined ? '' : `> ⚠️ ${said}`
}

/** With `:warn` a gate passes whatever it found. */
function markOf({ passed, errors, warnings }: Report['gates'][number]): string {
  if (!passed) return '❌'
  return errors + warnings > 0 ? '⚠️' : '✅'
}

/** What the table of gates does not say anyway. */
function problemsPart({ problems, gates }: Report): string {
  const verdicts = gates.flatMap(({ said }) => said.split('\n'))
  const others = problems.flatMap((problem) => {
    const lines = problem.split('\n').filter((line) => !verdicts.includes(line))
    return lines.length === 0 ? [] : [`> ${lines.map(prose).join('<br>\n> ')}`]
  })
  return others.join('\n>\n')
}

function findingsPart({ findings, repository, commit }: Report): string {
  if (findings.length === 0) return ''
  const order = { error: 0, warning: 1, notice: 2 }
  // By place within a level: gates run beside each other, and end in any order.
  const placeOf = ({ place }: Finding) => `${place?.file ?? ''} ${String(place?.line ?? 0).padStart(8, '0')}`
  const sorted = findings.toSorted(
    (a, b) => order[a.level] - order[b.level] || (placeOf(a) < placeOf(b) ? -1 : placeOf(a) > placeOf(b) ? 1 : 0),
  )
  const rows = sorted
    .slice(0, FINDINGS_SHOWN)
    .map(({ level, place, title, message }) => [
      MARKS[level],
      place === undefined ? '' : placed(place, commit && repository && `${repository}/blob/${commit.sha}`),
      `**${inline(title)}**<br>${prose(message)}`,
    ])
  const rest = findings.length - rows.length
  const more = rest > 0 ? `\n\n${rest} more are in report.json.` : ''
  return `#### Findings\n\n${tableOf(['', 'Place', 'Finding'], rows)}${more}`
}

const MARKS = { error: '❌', warning: '⚠️', notice: 'ℹ️' }

/** As a link to the line, where it is known on which server the commit is. */
function placed({ file, line }: NonNullable<Finding['place']>, tree: string | undefined): string {
  const shown = code(`${file}${line === undefined ? '' : `:${line}`}`)
  if (!tree) return shown
  const path = file.split('/').map(encodeURIComponent).join('/')
  return `[${shown}](${tree}/${path}${line === undefined ? '' : `#L${line}`})`
}

/** Where the bytes are, for who wonders why a binary is so large. */
function largestSections(binaries: Report['binaries']): string {
  const parts = binaries.flatMap(({ name, proof }) => {
    if (proof?.sections === undefined || proof.sections.length === 0) return []
    const sections = proof.sections.map((section) => `${code(section.name)} ${bytes(section.size)}`).join(', ')
    return [`${code(name)}: ${sections}`]
  })
  return folded('The ten largest sections', parts.join('<br>\n'))
}

function cachesPart(caches: Report['caches']): string {
  if (caches.every(({ hit }) => hit === 'off')) return ''
  const rows = caches.map(({ name, hit, why = '', restoredBytes, restoreSeconds, savedBytes, saveSeconds }) => [
    inline(name),
    inline(FOUND[hit] + (why === '' ? '' : ` (${why})`)),
    moved(restoredBytes, restoreSeconds),
    moved(savedBytes, saveSeconds),
  ])
  return tableOf(['Cache', 'Found', 'Restored', 'Saved'], rows)
}

const FOUND = { exact: 'yes', prefix: 'an older one', none: 'no', off: 'not used' }

function moved(size: number | undefined, seconds: number | undefined): string {
  return size === undefined || seconds === undefined ? '' : `${bytes(size)} in ${duration(seconds)}`
}

function advicePart(advice: readonly string[]): string {
  return folded('What could be better', advice.map((sentence) => `- ${prose(sentence)}`).join('\n'))
}

function folded(title: string, content: string): string {
  return content === '' ? '' : `<details><summary>${title}</summary>\n\n${content}\n\n</details>`
}

function undone(undo: 'done' | 'failed' | undefined): string {
  if (undo === undefined) return ''
  return undo === 'done' ? ', then undone' : ', and could not be undone'
}
