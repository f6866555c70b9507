import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import ssh2, { type ServerConnectionListener } from 'ssh2'
import type { Log } from '../../../src/report/log.ts'
import { type ConnectOptions, connect } from '../../../src/servers/transport/connect.ts'
import type { CallOptions } from '../../../src/servers/transport/connection.ts'
import type { Hop } from '../../../src/servers/transport/hop.ts'

function rsaKey(): string {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }).privateKey
}

const HOST_KEY = rsaKey()
const USER_KEY = rsaKey()

export type Listening = AsyncDisposable & { port: number; taken: number }

/** Listens on loopback until its test is over. */
export async function listening(take: (socket: Socket, taken: number) => void): Promise<Listening> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    opened.taken += 1
    sockets.add(socket)
    socket.on('error', () => {})
    take(socket, opened.taken)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const opened = {
    port: (server.address() as AddressInfo).port,
    taken: 0,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
  return opened
}

/** A server that speaks SSH and does then what a test wants. */
export function sshServer(meet: ServerConnectionListener): Promise<Listening> {
  const server = new ssh2.Server({ hostKeys: [HOST_KEY] }, meet)
  return listening((socket) => server.injectSocket(socket))
}

export function hopTo({ port }: { port: number }): Hop {
  return {
    place: { alias: 'web1', user: 'deploy', host: '127.0.0.1', port },
    login: { kind: 'key', text: USER_KEY, fingerprint: 'SHA256:mine' },
    judgeHostKey: () => ({ kind: 'pinned' }),
  }
}

/** Connects without end or with what it says when it fails, and how often it tried. */
export async function attempts(options: Hop & Partial<ConnectOptions>) {
  let retries = 0
  const log: Log = { info: () => retries++, output: () => {}, finding: () => {} }
  try {
    const connection = await connect({ signal: new AbortController().signal, log, ...options })
    return { connection, retries, message: undefined }
  } catch (error) {
    return { connection: undefined, retries, message: error instanceof Error ? error.message : '' }
  }
}

export function aCall(options: Partial<CallOptions> = {}): CallOptions {
  return {
    script: 'exit 0',
    parameters: {},
    deadlineMs: 10_000,
    signal: new AbortController().signal,
    onEvent: () => {},
    ...options,
  }
}
