import { join } from 'node:path'
import { type TestOptions, testGate } from '../../src/gates/test.ts'
import { madeProject } from '../made-project.ts'
import { judged, told } from './judged.ts'

export async function tested(files: Record<string, string>, more: Partial<TestOptions> = {}) {
  using project = madeProject(files)
  const { options, lines } = judged(project.folder)
  const scratch = join(project.folder, 'target/scratch')
  const verdict = await testGate({ runner: 'cargo', scratch, ...options, ...more })
  return { ...verdict, told: told(verdict.findings), log: lines.join('\n') }
}
