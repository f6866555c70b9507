import { once } from 'node:events'
import type { Writable } from 'node:stream'
import type { Payload } from './connection.ts'
import { orAborted } from './within.ts'

/** So much is encrypted at once, before anything else has its turn. */
const PIECE = 256 * 1024

/** Writes all of it and ends the stream; slows the source down to what the line takes, and leaves it when it is over. */
export async function pour(payload: Payload, into: Writable, over: AbortSignal): Promise<void> {
  const source = payload instanceof Uint8Array ? piecesOf(payload) : payload[Symbol.asyncIterator]()
  try {
    while (!over.aborted) {
      const next = await orAborted(Promise.resolve(source.next()), over)
      if (next.done) return void into.end()
      if (!into.write(next.value)) await once(into, 'drain', { signal: over })
    }
  } catch (error) {
    if (!over.aborted) throw error
  } finally {
    // A source that is stuck is not waited for.
    Promise.resolve(source.return?.()).catch(() => {})
  }
}

function* piecesOf(bytes: Uint8Array): Iterator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE)
}
