import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as core from '@actions/core'
import { program } from './identity.ts'
import { secretsIn } from './pipeline/gather.ts'
import { Redaction } from './report/redact.ts'
import { runnerDisplay } from './report/runner.ts'
import { tellRunner } from './report/tell-runner.ts'
import { run } from './run.ts'
import { readStep } from './settings/step.ts'
import { Signals } from './signals.ts'
import { FINISHED, RUNNING, runningState } from './state.ts'
import { surroundingsOf } from './surroundings.ts'

const { env } = process
const reading = readStep(env)
const redaction = new Redaction()
redaction.hide(secretsIn(reading.given))
// Before the first line: the runner masks only what comes after.
for (const form of redaction.forms) core.setSecret(form)

const scratch = join(env['RUNNER_TEMP'] ?? tmpdir(), `rust-deploy-${randomUUID()}`)
try {
  mkdirSync(scratch, { recursive: true })
} catch {
  // Whoever needs it says so.
}
const write = (text: string) => void process.stdout.write(redaction.apply(text))
write(`${program}\n`)
const display = runnerDisplay(write)

const end = await run(
  {
    reading,
    redaction,
    display,
    surroundings: surroundingsOf(env, {
      scratch,
      toolFolder: env['RUNNER_TOOL_CACHE'] || join(scratch, 'tools'),
      colour: true,
      transfer: [process.execPath, join(import.meta.dirname, 'transfer.js')],
    }),
    reportFolder: () => scratch,
    onRunning: (titles) => core.saveState(RUNNING, runningState(titles)),
  },
  // The runner judges by the exit code and by its own cancel; a signal would only hide the former.
  new Signals((name) => display.problem('notice', `${name}: stopping …`)).stop,
)
try {
  await tellRunner(end.report, end.outputs, redaction)
  core.saveState(FINISHED, 'true')
} catch (error) {
  // The files through which the runner takes outputs cannot be written, most often for want of room.
  end.exitCode = 1
  write(`error: The outputs could not be handed to the runner: ${(error as Error).message}\n`)
}
// Explicit, since idle connections of the storage client would keep the process for seconds.
process.stdout.write('', () => process.exit(end.exitCode))
