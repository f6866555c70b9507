import { Cancelled } from '../report/ending.ts'

/** One exchange may take this long. GitHub's clients themselves would go on for as long as a stalled service likes. */
const LONGEST_MS = 10 * 60_000

/** The clients can be neither stopped nor timed, so their work is left alone; the process ends soon after. */
export async function bounded<T>(
  work: Promise<T>,
  signal: AbortSignal,
  what = 'The transfer of the artifact',
): Promise<T> {
  const limit = AbortSignal.timeout(LONGEST_MS)
  const stop = AbortSignal.any([signal, limit])
  return Promise.race([
    work,
    new Promise<never>((_, reject) => {
      const end = () =>
        reject(
          signal.aborted
            ? new Cancelled(`${what} was stopped.`)
            : new Error(`it took more than ${LONGEST_MS / 60_000} minutes`),
        )
      if (stop.aborted) end()
      else stop.addEventListener('abort', end, { once: true })
    }),
  ])
}
