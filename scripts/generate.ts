import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { reportSchema } from '../src/report/report.ts'
import { actionInputs, actionOutputs } from './generate/action.ts'
import { hostScripts } from './generate/host-scripts.ts'
import { inputTable, outputTable } from './generate/tables.ts'
import { mirroredFiles, toolsNeeded } from './generate/tools-mirror.ts'
import { workflowInputs, workflowOutputs, workflowSteps } from './generate/workflow.ts'

const root = join(import.meta.dirname, '..')

/** Each file is written by hand but for the parts between two marks; those come from the tables in src. */
replaceParts('action.yml', { inputs: actionInputs(), outputs: actionOutputs() })
replaceParts('README.md', { inputs: inputTable(), outputs: outputTable() })
replaceParts('.github/workflows/deploy.yml', {
  inputs: workflowInputs(),
  outputs: workflowOutputs(),
  ...workflowSteps(),
})
replaceParts('docs/tools-mirror.md', { tools: toolsNeeded(), files: mirroredFiles() })
writeFileSync(join(root, 'src/servers/host/scripts.ts'), hostScripts())
writeFileSync(join(root, 'docs/report.schema.json'), `${JSON.stringify(reportSchema, null, 2)}\n`)

function replaceParts(file: string, parts: Record<string, string>): void {
  const path = join(root, file)
  let text = readFileSync(path, 'utf8')
  for (const [name, content] of Object.entries(parts)) {
    const mark = new RegExp(`(^[^\\n]*generated: ${name}\\b[^\\n]*\\n)[\\s\\S]*?(^[^\\n]*end of ${name}\\b)`, 'm')
    if (!mark.test(text)) throw new Error(`${file} has no part "generated: ${name}" … "end of ${name}"`)
    text = text.replace(mark, (_, begin: string, end: string) => `${begin}${content.trimEnd()}\n${end}`)
  }
  writeFileSync(path, text)
}
