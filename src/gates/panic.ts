import type { Place } from '../report/finding.ts'
import { shortened } from './tally.ts'
import { ownFile, type Workspace } from './workspace.ts'

export type Panic = { message: string; place: Place | undefined }

/** Since Rust 1.73 the message begins on the next line; the number in brackets came later. */
const NEW = /^\s*thread '(.*)'(?: \(\d+\))? panicked at (.+):(\d+):(\d+):$/
const OLD = /^\s*thread '(.*)' panicked at '(.*)', (.+):(\d+):(\d+)$/
const END = /^(stack backtrace:|note: (run with|Some details are omitted))/

/** The panic that ended a program: that of the thread which is named, else the last. */
export function panicIn(lines: readonly string[], workspace: Workspace, thread?: string): Panic | undefined {
  let last: Panic | undefined
  for (const [index, line] of lines.entries()) {
    const newer = NEW.exec(line)
    const older = newer === null ? OLD.exec(line) : null
    const found = newer ?? older
    if (found === null) continue
    const [file = '', at, column] = found.slice(-3)
    const message = older === null ? textBelow(lines, index + 1) : (older[2] ?? '')
    const own = ownFile(workspace, file)
    const place = own === undefined ? undefined : { file: own, line: Number(at), column: Number(column) }
    last = { message: shortened(place === undefined ? `${message}\nat ${file}:${at}` : message, 20), place }
    if (found[1] === thread) return last
  }
  return last
}

function textBelow(lines: readonly string[], start: number): string {
  let end = start
  while (end < lines.length && !END.test(lines[end] ?? '') && !NEW.test(lines[end] ?? '')) end++
  return lines.slice(start, end).join('\n').trim()
}
