import { type ClippyOptions, clippyGate } from '../../src/gates/clippy.ts'
import { madeProject } from '../made-project.ts'
import { judged, told } from './judged.ts'

/** A program with one lint, in its third line. */
export const WARNS = 'fn main() {\n    let text = String::new();\n    if text.len() == 0 {}\n}\n'

export async function clippy(files: Record<string, string>, more: Partial<ClippyOptions> = {}) {
  using project = madeProject(files)
  const { options, lines } = judged(project.folder)
  const verdict = await clippyGate({ mode: 'deny', keepsGoing: true, ...options, ...more })
  return { ...verdict, told: told(verdict.findings), log: lines.join('\n') }
}
