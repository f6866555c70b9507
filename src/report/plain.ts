import { type Display, endOf } from './display.ts'

export type Write = (text: string) => void

/** Plain lines for a pipe or a file. */
export function plainDisplay(write: Write): Display {
  return {
    stepStarted: (title) => write(`> ${title}\n`),
    line: (text) => write(`  ${text.replaceAll('\n', '\n  ')}\n`),
    stepEnded: (record) => write(`${mark(record.state)} ${record.title} (${endOf(record)})\n`),
    problem: (level, text) => write(`${level}: ${text}\n`),
    close: () => {},
  }
}

function mark(state: string): string {
  return state === 'done' ? 'ok' : state === 'failed' || state === 'cancelled' ? '!!' : '--'
}
