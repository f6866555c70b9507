import * as core from '@actions/core'
import { type Display, endOf } from './display.ts'
import { inert } from './inert.ts'
import type { Write } from './plain.ts'

/** Groups in the log of a GitHub runner. */
export function runnerDisplay(write: Write): Display {
  let open = false
  const close = () => {
    if (open) core.endGroup()
    open = false
  }
  return {
    stepStarted: (title) => {
      close()
      core.startGroup(title)
      open = true
    },
    line: (text) => write(`${inert(text)}\n`),
    stepEnded: (record) => {
      close()
      // Within a closed group nobody sees how a step ended.
      if (record.state !== 'done') write(`${inert(`${record.title}: ${endOf(record)}`)}\n`)
    },
    // Annotations are written at the end, errors first, since the runner keeps only the first ten of a kind.
    problem: (level, text) => write(`${inert(`${level}: ${text}`)}\n`),
    close,
  }
}
