export class TimeOver extends Error {
  readonly limitMs: number

  constructor(limitMs: number) {
    super(`it took more than ${secondsOf(limitMs)}`)
    this.limitMs = limitMs
  }
}

/** Gives the work a signal that is aborted with ours, or with `TimeOver`. The work has to obey it. */
export async function within<T>(
  limitMs: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(new TimeOver(limitMs)), limitMs)
  const pass = () => controller.abort(signal.reason)
  signal.addEventListener('abort', pass, { once: true })
  try {
    return await work(controller.signal)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', pass)
  }
}

/** Waits no longer than all the signals last. */
export function orAborted<T>(waited: PromiseLike<T>, ...signals: readonly AbortSignal[]): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signals.find(({ aborted }) => aborted)?.reason)
    if (signals.some(({ aborted }) => aborted)) stop()
    for (const signal of signals) signal.addEventListener('abort', stop, { once: true })
    waited.then(resolve, reject).then(() => {
      for (const signal of signals) signal.removeEventListener('abort', stop)
    })
  })
}

export function secondsOf(ms: number): string {
  return `${Number((ms / 1000).toFixed(1))} s`
}
