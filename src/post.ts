import * as core from '@actions/core'
import { FINISHED, placeInRun, RUNNING } from './state.ts'

// Main writes its own summary, unless it was killed: then this is the only word that is left of the run.
if (core.getState(FINISHED) !== 'true') {
  const when = placeInRun(core.getState(RUNNING))
  const message = `rust-deploy was killed ${when}, before it could report. Nothing more is known of what it did.`
  core.error(message)
  await core.summary.addRaw(`### ❌ ${message}\n`).write()
}
