import * as core from '@actions/core'
import { annotationsOf } from './annotations.ts'
import type { Finding } from './finding.ts'
import type { Redaction } from './redact.ts'
import type { Report } from './report.ts'
import { summaryOf } from './summary.ts'

const WRITERS = { error: core.error, warning: core.warning, notice: core.notice }

/** Hands the end of a run to the runner: annotations, outputs, job summary. */
export async function tellRunner(
  report: Report,
  outputs: Readonly<Record<string, string>>,
  redaction: Redaction,
): Promise<void> {
  const problems = report.problems.map((message): Finding => ({ level: 'error', title: 'rust-deploy', message }))
  for (const { level, title, message, place } of annotationsOf([...problems, ...report.findings])) {
    // The runner itself masks the message only.
    WRITERS[level](redaction.apply(message), {
      title: redaction.apply(title),
      ...(place && { file: place.file }),
      ...(place?.line && { startLine: place.line }),
      ...(place?.endLine && { endLine: place.endLine }),
      ...(place?.column && { startColumn: place.column }),
    })
  }
  for (const [name, value] of Object.entries(outputs)) core.setOutput(name, redaction.apply(value))
  await core.summary
    .addRaw(redaction.apply(summaryOf(report)))
    .write()
    .catch((error: Error) => core.info(`There is no job summary: ${error.message}`))
}
