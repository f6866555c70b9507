import { Cancelled } from './report/ending.ts'

// A terminal that is closed hangs up; its children are in groups of their own and would go on alone.
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** A signal that ends the run: what is running is stopped, what was done is undone, and the report is still written. */
export class Signals {
  readonly stop: AbortSignal
  #caught: NodeJS.Signals | undefined

  constructor(onCaught: (name: NodeJS.Signals) => void) {
    const controller = new AbortController()
    this.stop = controller.signal
    for (const name of SIGNALS) {
      process.on(name, () => {
        if (this.#caught !== undefined) return
        this.#caught = name
        onCaught(name)
        controller.abort(new Cancelled(`The run was stopped by ${name}.`))
      })
    }
  }

  /** Ends the process, by the signal itself if there was one: a shell then knows that its script was interrupted too. */
  end(exitCode: number): void {
    for (const name of SIGNALS) process.removeAllListeners(name)
    if (this.#caught !== undefined) process.kill(process.pid, this.#caught)
    else process.exit(exitCode)
  }
}
