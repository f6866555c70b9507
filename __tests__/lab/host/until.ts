import { setTimeout as sleep } from 'node:timers/promises'

/** Looks again and again until there is an answer, and not for ever. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = 30_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs
  do {
    const found = await look()
    if (found !== undefined && found !== false) return found
    await sleep(20)
  } while (performance.now() < deadline)
  throw new Error(`waited ${timeoutMs} ms in vain: ${what}`)
}
