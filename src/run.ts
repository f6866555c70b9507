import type { Facts, Surroundings } from './pipeline/facts.ts'
import { gatherFacts, secretsIn } from './pipeline/gather.ts'
import { type Plan, planOf } from './pipeline/plan.ts'
import { type PipelineEnd, runPipeline } from './pipeline/runner.ts'
import { checkFrom } from './pipeline/taking.ts'
import { toolchainPipeline } from './pipeline/toolchain.ts'
import { noResults, type Results, workPipeline } from './pipeline/work.ts'
import { differenceFrom } from './report/difference.ts'
import type { Display } from './report/display.ts'
import type { Redaction } from './report/redact.ts'
import type { Report } from './report/report.ts'
import {
  besideProblems,
  commitOf,
  exitCodeOf,
  outputsOf,
  problemsOf,
  redacted,
  statusOf,
  writeReport,
} from './result.ts'
import type { Outputs } from './settings/outputs.ts'
import type { Reading } from './settings/reading.ts'
import { early } from './settings/settle.ts'

/** What makes one door different from another; everything else is the same run. */
export type Door = {
  reading: Reading
  redaction: Redaction
  display: Display
  surroundings: Surroundings
  /** Where report.json goes; the project is unknown when it could not be read. */
  reportFolder(targetDirectory: string | undefined): string
  onRunning?(titles: readonly string[]): void
}

/** How a run ended: 0 done, 1 failed, 2 refused before anything changed. */
export type RunEnd = { exitCode: 0 | 1 | 2; report: Report; outputs: Outputs }

/** The one run behind all doors. It never throws: every end is a report. */
export async function run(door: Door, signal: AbortSignal): Promise<RunEnd> {
  const began = Date.now()
  const { reading, display, surroundings } = door
  const listener = door.onRunning && { onRunning: door.onRunning }
  let facts: Facts | undefined
  let targetDirectory: string | undefined
  let plan: Plan | undefined
  let end: PipelineEnd = { records: [], findings: [] }
  let results: Results = noResults
  let fault: unknown

  try {
    const first = toolchainPipeline(reading, surroundings, secretsIn(reading.given))
    // Not even a dry run can read the project without it.
    end = await runPipeline(first.pipeline, { display, signal, dryRun: false, began, ...listener })
    if (end.failure !== undefined) throw besideProblems(reading.problems, end.failure.error)
    const toolchain = first.installed()
    facts = await gatherFacts(reading, surroundings, toolchain, signal, (project) => {
      targetDirectory = project.targetDirectory
    })
    await checkFrom(facts)
    plan = planOf(facts)
    const { settings, git } = facts
    const difference = git && differenceFrom(git)
    if (difference !== undefined) display.problem('warning', difference)
    if (settings.command !== 'plan') {
      const work = workPipeline(facts)
      const before = end
      end = await runPipeline(work.pipeline, { display, signal, dryRun: settings['dry-run'], began, ...listener })
      end = { ...end, records: [...before.records, ...end.records], findings: [...before.findings, ...end.findings] }
      results = work.results()
      fault = end.failure?.error
    }
  } catch (error) {
    fault = error
  }
  display.close()

  const status = statusOf(facts, fault)
  const problems = problemsOf(fault, signal)
  for (const problem of problems) display.problem('error', problem)
  const report = redacted<Report>(door.redaction, {
    schema: 1,
    status,
    command: facts?.settings.command ?? early(reading.given, 'command'),
    environment: facts?.settings.environment ?? early(reading.given, 'environment'),
    began: new Date(began).toISOString(),
    seconds: (Date.now() - began) / 1000,
    problems,
    ...(facts?.git && { commit: commitOf(facts.git) }),
    ...(surroundings.repository && { repository: `${surroundings.serverUrl}/${surroundings.repository}` }),
    packages: facts?.chosen.map(({ package: { name, version } }) => ({ name, version })) ?? [],
    ...(facts && { toolchain: { rustc: facts.rustc.version, host: facts.rustc.host } }),
    steps: end.records,
    findings: end.findings,
    gates: results.gates,
    caches: results.caches,
    units: results.units,
    advice: [...new Set(results.advice)],
    binaries: results.binaries,
    artifacts: results.uploaded,
  })
  const written = writeReport(door.reportFolder(targetDirectory), report, display)
  const outputs = outputsOf(report, plan, written)
  return { exitCode: exitCodeOf(status), report, outputs }
}
