import { spawn } from 'node:child_process'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type GitServer = AsyncDisposable & {
  url: string
  /** The Authorization headers that were accepted: who got in, and how often. */
  accepted: readonly string[]
}

export type GitServerOptions = {
  /** A folder with repositories. */
  root: string
  /** Reads are refused without it, as a private repository on GitHub does. */
  token: string
}

/** A token of somebody who may not read these repositories. */
export const STRANGER = 'ghs_stranger'

/** Git's own smart-HTTP server on loopback, behind a token. */
export async function startGitServer({ root, token }: GitServerOptions): Promise<GitServer> {
  const expected = basicOf(token)
  const strangers = basicOf(STRANGER)
  const accepted: string[] = []
  const server = createServer((request, response) => {
    const { authorization } = request.headers
    // As GitHub answers who has a token, but no right to know of the repository.
    if (authorization === strangers) {
      response.writeHead(404).end()
      return
    }
    if (authorization !== expected) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="private"' }).end()
      return
    }
    accepted.push(authorization)
    serve(root, request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    accepted,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function basicOf(token: string): string {
  return `Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`
}

function serve(root: string, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, search } = new URL(request.url ?? '/', 'http://localhost')
  const backend = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'safe.directory',
      GIT_CONFIG_VALUE_0: '*',
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      HTTP_CONTENT_ENCODING: String(request.headers['content-encoding'] ?? ''),
      REMOTE_USER: 'x-access-token',
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  request.pipe(backend.stdin)
  const chunks: Buffer[] = []
  backend.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  backend.once('close', () => {
    const answer = Buffer.concat(chunks)
    const split = answer.indexOf('\r\n\r\n')
    const headers = answer
      .subarray(0, split)
      .toString()
      .split('\r\n')
      .map((line) => line.split(': '))
    const status = headers.find(([name]) => name === 'Status')?.[1]
    for (const [name = '', value = ''] of headers) if (name !== 'Status' && name !== '') response.setHeader(name, value)
    response.writeHead(Number.parseInt(status ?? '200', 10)).end(answer.subarray(split + 4))
  })
}
