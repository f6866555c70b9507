import type { TestContext } from 'vitest'

/**
 * Where a part cannot run, its tests are skipped with the reason; with LAB=required (CI sets it) a skip is a failure,
 * so that nothing goes unproved silently.
 */
export function need(context: TestContext, part: string, whyNot: string | undefined): void {
  if (whyNot === undefined) return
  const reason = `the lab's ${part} cannot run here: ${whyNot}`
  if (process.env.LAB === 'required') throw new Error(`${reason} (and LAB=required)`)
  context.skip(reason)
}
