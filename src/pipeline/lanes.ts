import type { Display } from '../report/display.ts'

/**
 * A display for each of several lanes. The first is shown as it goes on; of the others each step is shown whole when it
 * has ended, between the steps of the first, so that their lines do not mix.
 */
export function displaysOf(display: Display, lanes: number): Display[] {
  if (lanes === 1) return [display]
  const ended: (() => void)[] = []
  let shownIsOpen = false
  const showEnded = () => {
    for (const show of ended.splice(0)) show()
  }
  const shown: Display = {
    ...display,
    stepStarted: (title) => {
      shownIsOpen = true
      display.stepStarted(title)
    },
    stepEnded: (record) => {
      display.stepEnded(record)
      shownIsOpen = false
      showEnded()
    },
  }
  const held = (): Display => {
    let waiting: (() => void)[] = []
    const wait = (show: () => void) => void waiting.push(show)
    return {
      stepStarted: (title) => wait(() => display.stepStarted(title)),
      line: (text) => wait(() => display.line(text)),
      problem: (level, text) => wait(() => display.problem(level, text)),
      stepEnded: (record) => {
        const step = waiting
        waiting = []
        ended.push(() => {
          for (const show of step) show()
          display.stepEnded(record)
        })
        if (!shownIsOpen) showEnded()
      },
      close: () => display.close(),
    }
  }
  return [shown, ...Array.from({ length: lanes - 1 }, held)]
}
