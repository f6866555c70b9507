import type { Display } from '../report/display.ts'

/** What is not shown yet, in its order. */
type Held = (() => void)[]

/**
 * Goes along lanes side by side, with a display for each. The first that has not ended is shown as it goes on; of the
 * others each step is shown whole when it has ended, between the steps of the first, so that their lines do not mix.
 */
export async function sideBySide<L>(
  lanes: readonly L[],
  display: Display,
  go: (lane: L, display: Display) => Promise<void>,
): Promise<void> {
  const running: { held: Held; isInStep: boolean }[] = []
  const endedSteps: Held[] = []

  const goAlong = async (lane: L) => {
    const own = { held: [] as Held, isInStep: false }
    running.push(own)
    const show = (it: () => void) => {
      if (running[0] === own) it()
      else own.held.push(it)
    }
    const shownOrHeld: Display = {
      stepStarted: (title, since = Date.now()) => {
        own.isInStep = true
        show(() => display.stepStarted(title, since))
      },
      line: (text) => show(() => display.line(text)),
      problem: (level, text) => show(() => display.problem(level, text)),
      stepEnded: (record) => {
        show(() => display.stepEnded(record))
        own.isInStep = false
        endedSteps.push(own.held.splice(0))
        if (!running[0]?.isInStep) endedSteps.splice(0).forEach(showHeld)
      },
      close: () => display.close(),
    }
    try {
      await go(lane, shownOrHeld)
    } finally {
      running.splice(running.indexOf(own), 1)
      // Whoever is the first now is in the middle of a step, and nobody knows for how long.
      if (running[0] !== undefined) showHeld(running[0].held)
    }
  }
  await Promise.all(lanes.map(goAlong))
}

function showHeld(held: Held): void {
  for (const show of held.splice(0)) show()
}
