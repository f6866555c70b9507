import { sep } from 'node:path'
import type { Names } from './names.ts'

export type AnnotationType = 'error' | 'warning' | 'notice'

export type Annotation = {
  type: AnnotationType
  message: string
  file?: string
  line?: number
  endLine?: number
  col?: number
  endColumn?: number
  /** The runner masks the message only: a secret in a title or a file name is seen by everybody. */
  title?: string
}

/** Of each type the first ten of a step are shown; the others stand only in its log. */
export const SHOWN_OF_A_TYPE = 10

/** A longer message is cut, after it was masked. */
export const LONGEST_MESSAGE = 4096

/** What a command's properties say about the place, with what contradicts itself dropped as the runner drops it. */
export function place(properties: Names, workspace: string): Omit<Annotation, 'type' | 'message'> {
  const line = wholeNumber(properties.get('line'))
  const endLine = wholeNumber(properties.get('endLine'))
  const col = wholeNumber(properties.get('col'))
  const endColumn = wholeNumber(properties.get('endColumn'))
  const file = properties.get('file')
  const title = properties.get('title')
  return {
    ...(file !== undefined && { file: fromWorkspace(file, workspace) }),
    ...lines(line, endLine),
    ...columns(line ?? endLine, endLine, col, endColumn),
    ...(title !== undefined && { title }),
  }
}

function lines(line: number | undefined, endLine: number | undefined): { line?: number; endLine?: number } {
  const first = line ?? endLine
  if (first === undefined) return {}
  if (endLine === undefined) return { line: first }
  return endLine < first ? {} : { line: first, endLine }
}

function columns(
  line: number | undefined,
  endLine: number | undefined,
  col: number | undefined,
  endColumn: number | undefined,
): { col?: number; endColumn?: number } {
  const first = col ?? endColumn
  // Columns mean something only within one line.
  if (first === undefined || line === undefined || (endLine !== undefined && endLine !== line)) return {}
  if (endColumn === undefined) return { col: first }
  return endColumn < first ? {} : { col: first, endColumn }
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\s*[+-]?\d+\s*$/.test(text) ? Number(text) : undefined
}

/** A file outside the workspace keeps the name that it was given, and GitHub cannot show it in the diff. */
function fromWorkspace(file: string, workspace: string): string {
  if (file === workspace) return file
  const folder = workspace.endsWith(sep) ? workspace : `${workspace}${sep}`
  return file.startsWith(folder) ? file.slice(folder.length).replaceAll(sep, '/') : file
}
