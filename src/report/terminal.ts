import { stripVTControlCharacters, styleText } from 'node:util'
import { type Display, duration, endOf } from './display.ts'
import type { Write } from './plain.ts'
import type { StepRecord } from './record.ts'

export type TerminalOptions = { write: Write; columns: () => number }

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const CLEAR_LINE = '\r\x1b[2K'
const FRAME_MS = 100
/** How much of a step's output is kept, to be shown when it fails. */
const KEPT_LINES = 200

/** One live line for the running step, one kept line for each that has ended; the whole output only of a step that failed. */
export function terminalDisplay({ write, columns }: TerminalOptions): Display {
  let running: { title: string; since: number; lines: string[]; frame: number } | undefined
  let timer: NodeJS.Timeout | undefined

  const draw = () => {
    if (running === undefined) return
    running.frame += 1
    const head = `${FRAMES[running.frame % FRAMES.length]} ${running.title} ${duration((Date.now() - running.since) / 1000)}`
    const last = stripVTControlCharacters(running.lines.at(-1) ?? '').trim()
    // Room for the `^C` that a terminal echoes: on a line that is full it would begin a new one, and this one would stay.
    const width = Math.max(columns() - 4, 20)
    const room = width - head.length - 2
    const tail = room > 10 && last !== '' ? styled('dim', `  ${last.slice(0, room)}`) : ''
    write(CLEAR_LINE + head.slice(0, width) + tail)
  }
  const stop = () => {
    clearInterval(timer)
    if (running !== undefined) write(CLEAR_LINE)
    const { lines = [] } = running ?? {}
    running = undefined
    return lines
  }

  return {
    stepStarted: (title, since = Date.now()) => {
      stop()
      running = { title, since, lines: [], frame: 0 }
      timer = setInterval(draw, FRAME_MS)
      timer.unref()
      draw()
    },
    line: (text) => {
      if (running === undefined) write(`${safe(text)}\n`)
      else running.lines = [...running.lines, ...text.split('\n')].slice(-KEPT_LINES)
    },
    stepEnded: (record) => {
      const lines = stop()
      if (record.state === 'failed') for (const line of lines) write(`  ${safe(line)}\n`)
      write(`${mark(record)} ${record.title} ${styled('dim', `(${endOf(record)})`)}\n`)
      if (record.state === 'planned') for (const line of lines) write(`    ${safe(line)}\n`)
    },
    problem: (level, text) => {
      // The step goes on, and its line is drawn anew below this.
      if (running !== undefined) write(CLEAR_LINE)
      write(
        `${styled(level === 'error' ? 'red' : level === 'warning' ? 'yellow' : 'dim', `${level}:`)} ${text.split('\n').map(safe).join('\n')}\n`,
      )
    },
    close: () => void stop(),
  }
}

function mark({ state }: StepRecord): string {
  if (state === 'done') return styled('green', '✓')
  return state === 'failed' || state === 'cancelled' ? styled('red', '✗') : styled('dim', '-')
}

/** Colours may stay; whatever else a child sends (cursor moves, titles, bells) is not for this terminal. */
function safe(line: string): string {
  return line
    .split(/(\x1b\[[\d;]*m)/)
    .map((piece, index) =>
      index % 2 === 1 ? piece : stripVTControlCharacters(piece).replace(/[\x00-\x08\x0b-\x1f\x7f]/g, ''),
    )
    .join('')
}

function styled(style: 'dim' | 'red' | 'yellow' | 'green', text: string): string {
  return styleText(style, text, { stream: process.stderr })
}
