import { isRecord, parseRecord, recordsIn, textOf } from '../json/narrow.ts'
import type { Finding, Place } from '../report/finding.ts'
import { shortened } from './tally.ts'
import { ownFile, type Workspace } from './workspace.ts'

/** One message of the compiler about the code, with its text as the compiler itself would show it. */
export type Diagnostic = { finding: Finding; rendered: string }

type Json = Record<string, unknown>

/**
 * One line of what cargo prints with `--message-format json`; undefined for everything that is no error and no warning of
 * ours. A procedural macro can print such a line itself: what it forges is one more finding, never one less.
 */
export function readDiagnostic(line: string, workspace: Workspace): Diagnostic | undefined {
  const envelope = parseRecord(line)
  if (envelope === undefined) return line.startsWith('{"reason":"compiler-message"') ? UNREADABLE : undefined
  const message = envelope['message']
  if (envelope['reason'] !== 'compiler-message' || !isRecord(message)) return undefined
  const level = levelOf(message)
  const owner = textOf(envelope['package_id'])
  const isOurs = workspace.members.has(owner)
  if (level === undefined || isTally(message) || (level === 'warning' && !isOurs)) return undefined
  const place = placeOf(message, workspace)
  return {
    finding: {
      level,
      title: titleOf(message, level),
      message: isOurs ? messageOf(message) : `In the dependency ${packageName(owner)}: ${messageOf(message)}`,
      ...(place && { place }),
    },
    rendered: textOf(message['rendered']).trimEnd(),
  }
}

/** A line past what is kept of one. It counts, since what is not read must not pass for nothing. */
const UNREADABLE: Diagnostic = {
  finding: {
    level: 'warning',
    title: 'Compiler message not read',
    message: 'A message of the compiler is too long or damaged: see it with `cargo clippy`.',
  },
  rendered: '',
}

function levelOf(message: Json): 'error' | 'warning' | undefined {
  const level = textOf(message['level'])
  // An internal compiler error has a longer name.
  if (level.startsWith('error')) return 'error'
  return level === 'warning' ? 'warning' : undefined
}

/** What rustc adds at its end about its own messages. */
function isTally(message: Json): boolean {
  const counts = /^(aborting due to|\d+ warnings? emitted)/.test(textOf(message['message']))
  return counts && recordsIn(message['spans']).length === 0
}

function titleOf(message: Json, level: 'error' | 'warning'): string {
  const code = isRecord(message['code']) ? textOf(message['code']['code']) : ''
  return code || (level === 'error' ? 'Compiler error' : 'Compiler warning')
}

/** The first primary span in a file of the user's, where a macro of somebody else's counts as the line that calls it. */
function placeOf(message: Json, workspace: Workspace): Place | undefined {
  const spans = recordsIn(message['spans'])
  const primary = spans.filter((span) => span['is_primary'] === true)
  for (const span of [...primary, ...spans]) {
    const place = climb(span, workspace)
    if (place !== undefined) return place
  }
  return undefined
}

/** Macros call macros. The compiler ends recursion at 128 by default; whatever claims to be deeper has no place. */
const DEEPEST = 256

function climb(span: Json, workspace: Workspace): Place | undefined {
  let at: unknown = span
  for (let depth = 0; depth < DEEPEST && isRecord(at); depth++) {
    const file = ownFile(workspace, textOf(at['file_name']))
    if (file !== undefined) return { file, ...linesOf(at) }
    at = isRecord(at['expansion']) ? at['expansion']['span'] : undefined
  }
  return undefined
}

function linesOf(span: Json): Omit<Place, 'file'> {
  const [line, endLine, column] = ['line_start', 'line_end', 'column_start'].map((name) => positive(span[name]))
  if (line === undefined) return {}
  return {
    line,
    ...(endLine !== undefined && endLine > line && { endLine }),
    ...(column !== undefined && { column }),
  }
}

function positive(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : undefined
}

/** What the lint is, what its marks say, and what would mend it. */
function messageOf(message: Json): string {
  const labels = recordsIn(message['spans']).flatMap((span) => {
    const label = textOf(span['label'])
    if (label === '') return []
    return span['is_primary'] === true ? [label] : [`line ${String(span['line_start'])}: ${label}`]
  })
  const children = recordsIn(message['children']).map(childText)
  const lines = [textOf(message['message']), ...labels, ...children].filter((line) => line !== '')
  return shortened([...new Set(lines)].join('\n'), 30)
}

function childText(child: Json): string {
  const text = textOf(child['message']).slice(0, 1000)
  // Why a lint is on by default helps nobody to mend it.
  if (text === '' || /^`#\[.+\]` .*on by default$|^`-?-?\S+ \S+` implied by/.test(text)) return ''
  const link = /^for further information visit (\S+)$/.exec(text)?.[1]
  if (link !== undefined) return link
  const replacements = recordsIn(child['spans']).map((span) => textOf(span['suggested_replacement']).trim())
  const shown = [...new Set(replacements)].filter((each) => each !== '' && !text.includes(`\`${each}\``))
  const written = shown.length === 0 ? '' : `: ${shown.map((each) => `\`${each}\``).join(' and ')}`
  return `${textOf(child['level']) || 'note'}: ${text}${written}`
}

/** `…#name@1.0.0`, `…/name#1.0.0`, and `name 1.0.0 (…)` of cargo before 1.77. */
export function packageName(id: string): string {
  const [source = '', fragment] = id.slice(0, 1000).split('#')
  if (fragment === undefined) return source.split(' ')[0] ?? source
  if (fragment.includes('@')) return fragment.split('@')[0] ?? fragment
  return source.split('?')[0]?.split('/').at(-1) ?? source
}
