import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { trickle } from './spoil.ts'
import type { Visit } from './visit.ts'

/** 200 and JSON, unless a fault lets the answer get lost or makes it slow. */
export async function answerJson({ response, fault, gone }: Visit, body: Record<string, unknown>): Promise<void> {
  if (fault?.kind === 'lost') {
    response.destroy()
    return
  }
  const answer = JSON.stringify(body)
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(answer) })
  if (fault?.kind === 'slow') {
    await pipeline(trickle(Readable.from([Buffer.from(answer)]), fault.bytesPerSecond, gone), response)
  } else {
    response.end(answer)
  }
}
