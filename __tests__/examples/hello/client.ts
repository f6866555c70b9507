import { once } from 'node:events'
import { request } from 'node:http'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseRecord } from '../../../src/json/narrow.ts'

export type Answer = { status: number; connection: string | undefined; body: Record<string, unknown> | undefined }

export type Asking = { method?: string; json?: unknown }

/** One request on a connection of its own. */
export async function ask(port: number, path: string, { method, json }: Asking = {}): Promise<Answer> {
  const headers = { ...(json !== undefined && { 'content-type': 'application/json' }), connection: 'keep-alive' }
  const asked = request({ port, path, host: '127.0.0.1', agent: false, headers, method: method ?? 'GET' })
  asked.end(json === undefined ? undefined : JSON.stringify(json))
  const [response] = await once(asked, 'response')
  const body = parseRecord(await text(response))
  asked.destroy()
  return { status: response.statusCode, connection: response.headers.connection, body }
}

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'

/** A request whose body comes in two parts. It is known to be in work when the service asks for the body. */
export class SlowRequest implements Disposable {
  static async begin(port: number, body: string): Promise<SlowRequest> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    const slow = new SlowRequest(socket, body)
    socket.write(
      `POST /greetings HTTP/1.1\r\nHost: hello\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`,
    )
    const [first] = await once(socket, 'data')
    if (String(first) !== CONTINUE) throw new Error(`the service did not ask for the body: ${first}`)
    socket.write(body.slice(0, body.length / 2))
    return slow
  }

  /** All that was answered until the connection was closed. */
  readonly answer: Promise<string>
  readonly #socket: Socket
  readonly #body: string

  private constructor(socket: Socket, body: string) {
    this.#socket = socket
    this.#body = body
    let said = ''
    socket.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    // A connection that is reset ends too; what was said until then is the answer.
    socket.on('error', () => {})
    this.answer = new Promise((resolve) => socket.once('close', () => resolve(said.replace(CONTINUE, ''))))
  }

  async finish(): Promise<string> {
    this.#socket.write(this.#body.slice(this.#body.length / 2))
    return this.answer
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }
}

export async function listening(): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => socket.destroy())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
  return { server, port: address.port }
}

/** Waits until nobody listens on the port any more. */
export async function refused(port: number): Promise<void> {
  for (let tries = 0; tries < 1000; tries += 1) {
    const socket = connect(port, '127.0.0.1')
    try {
      await once(socket, 'connect')
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED') return
    } finally {
      socket.destroy()
    }
    await sleep(20)
  }
  throw new Error(`port ${port} still takes connections`)
}
