import * as core from '@actions/core'
import { FINISHED, STEP } from './state.ts'

// Main writes its own summary, unless it was killed: then this is the only word that is left of the run.
const step = core.getState(STEP)
if (core.getState(FINISHED) !== 'true' && step !== '') {
  const message = `rust-deploy was killed during the step "${step}", before it could report. Nothing is known of what that step did.`
  core.error(message)
  await core.summary.addRaw(`### ❌ ${message}\n`).write()
}
