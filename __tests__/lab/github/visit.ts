import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Fault } from './faults.ts'

/** One request on its way to be answered. */
export type Visit = {
  url: URL
  request: IncomingMessage
  response: ServerResponse
  fault: Fault | undefined
  /** Aborted when the connection is closed, so that nothing goes on for nobody. */
  gone: AbortSignal
}
