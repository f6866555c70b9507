import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Place } from './hop.ts'

/** For one address of several: by Node's own limit a server that is far away would never be reached. */
const ONE_ADDRESS_MS = 3000

/** A TCP connection to the place itself. */
export function reach({ host, port }: Place, signal: AbortSignal): Promise<Duplex> {
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    // Many small packets go back and forth: none may wait for the next.
    const socket = connect({ host, port, noDelay: true, autoSelectFamilyAttemptTimeout: ONE_ADDRESS_MS })
    const abort = () => socket.destroy(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    socket.once('error', reject)
    socket.once('close', () => signal.removeEventListener('abort', abort))
    socket.once('connect', () => {
      signal.removeEventListener('abort', abort)
      socket.removeListener('error', reject)
      resolve(socket)
    })
  })
}
