import type { Finding, Place } from '../report/finding.ts'
import { panicIn } from './panic.ts'
import { shortened } from './tally.ts'
import { ownFile, type Workspace } from './workspace.ts'

const DOCTEST = /^(.+) - (?:.* )?\(line (\d+)\)(?: - .*)?$/
const DID_NOT_PANIC = /^note: test did not panic as expected at (.+):(\d+):(\d+)$/
const WRONG_PANIC = 'note: panic did not contain expected string'

/** What one failed test has to say. */
export function failureOf(name: string, lines: readonly string[], workspace: Workspace): Finding {
  const panic = panicIn(lines, workspace, name)
  const expected = lines.indexOf(WRONG_PANIC)
  const wrong = expected < 0 ? '' : `\n${lines.slice(expected + 1, expected + 3).join('\n')}`
  const message = panic === undefined ? lines.join('\n').trim() : panic.message + wrong
  // rustdoc compiles the example into a file of its own, so the lines that it names are not those of the user's file.
  const place = doctestPlace(name, workspace) ?? panic?.place ?? unpanickedPlace(lines, workspace)
  return {
    level: 'error',
    title: `Test ${name} failed`,
    message: shortened(message, 20) || 'It printed nothing.',
    ...(place && { place }),
  }
}

function doctestPlace(name: string, workspace: Workspace): Place | undefined {
  const [, path = '', line] = DOCTEST.exec(name) ?? []
  const file = ownFile(workspace, path)
  return file === undefined ? undefined : { file, line: Number(line) }
}

function unpanickedPlace(lines: readonly string[], workspace: Workspace): Place | undefined {
  for (const line of lines) {
    const [, path = '', at, column] = DID_NOT_PANIC.exec(line) ?? []
    const file = ownFile(workspace, path)
    if (file !== undefined) return { file, line: Number(at), column: Number(column) }
  }
  return undefined
}
