import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Answer = Uint8Array | ((request: IncomingMessage, response: ServerResponse) => void)

export type ReleaseServer = AsyncDisposable & {
  url: string
  /** What was asked for, in order. */
  asked: readonly string[]
  /** What it answers for a path; everything else is not there. */
  answers: Map<string, Answer>
}

/** A server on loopback that has what the test gives it. */
export async function startReleaseServer(): Promise<ReleaseServer> {
  const asked: string[] = []
  const answers = new Map<string, Answer>()
  const server = createServer((request, response) => {
    const path = request.url ?? '/'
    asked.push(path)
    const answer = answers.get(path)
    if (answer === undefined) response.writeHead(404).end('not here')
    else if (typeof answer === 'function') answer(request, response)
    else response.writeHead(200, { 'content-length': answer.length }).end(answer)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    answers,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
