import { Cancelled } from './report/ending.ts'

/** A signal that ends the run: what is running is stopped, what was done is undone, and the report is still written. */
export function stopOnSignals(): AbortSignal {
  const controller = new AbortController()
  // A terminal that is closed hangs up; its children are in groups of their own and would go on alone.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => controller.abort(new Cancelled(`The run was stopped by ${name}.`)))
  }
  return controller.signal
}
