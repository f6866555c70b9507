import { createPublicKey, verify } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { isRecord, parseRecord, textOf } from '../../../src/json/narrow.ts'
import { bodyText } from '../github/body.ts'
import { Authority } from './authority.ts'
import { Identity } from './identity.ts'

const HOST = 'octo.ghe.com'
const ISSUER = `token.actions.${HOST}`
const REQUEST_TOKEN = 'the right to ask for an identity'

export type Sigstore = AsyncDisposable & {
  /** What the runner gives to a job with `id-token: write`, and what leads every request here. */
  env: Record<string, string>
  serverUrl: string
  /** Of the authority that certifies keys. */
  certificate: string
  /** The attestations that were stored with the repository. */
  stored: Record<string, unknown>[]
  /** Answers this status instead, by the name of the service. */
  broken: Map<'fulcio' | 'store', { status: number; message: string }>
}

/**
 * What GitHub signs with, on loopback: the issuer of identities, Fulcio, a timestamp authority, and the API that stores
 * attestations. The client has the addresses built in, so they are reached as from behind a proxy. The timestamps are
 * no real ones: the client only hands them on.
 */
export async function startSigstore(): Promise<Sigstore> {
  const authority = await Authority.create()
  const identity = new Identity(`https://${ISSUER}`)
  const stored: Sigstore['stored'] = []
  const broken: Sigstore['broken'] = new Map()

  const answer = async (request: IncomingMessage): Promise<Answer> => {
    const url = new URL(`https://${request.headers.host}${request.url}`)
    const body = await bodyText(request)
    switch (url.hostname) {
      case ISSUER:
        if (url.pathname === '/jwks') return { status: 200, body: identity.jwks }
        return { status: 200, body: { issuer: `https://${ISSUER}`, jwks_uri: `https://${ISSUER}/jwks` } }
      case `fulcio.${HOST}`:
        return broken.has('fulcio') ? failure(broken.get('fulcio')) : certified(authority, identity, body)
      case `timestamp.${HOST}`:
        return { status: 201, body: Buffer.from('a timestamp') }
    }
    if (url.pathname === '/id-token') {
      if (request.headers.authorization !== `Bearer ${REQUEST_TOKEN}`) return { status: 401, body: {} }
      return { status: 200, body: { value: identity.token(url.searchParams.get('audience') ?? '') } }
    }
    if (url.pathname !== '/repos/octo/hello/attestations') return { status: 404, body: { message: 'Not Found' } }
    if (broken.has('store')) return failure(broken.get('store'))
    stored.push(parseRecord(body) ?? {})
    return { status: 201, body: { id: 42 } }
  }

  const hosts = [ISSUER, `fulcio.${HOST}`, `timestamp.${HOST}`]
  const inside = createTlsServer(
    await authority.forHosts(hosts),
    (request, response) => void send(response, answer(request)),
  )
  const outside = createServer((request, response) => void send(response, answer(request)))
  const sockets = new Set<Socket>()
  outside.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
  })
  outside.on('connect', (request: IncomingMessage, socket: Socket) => {
    if (!hosts.includes(`${request.url}`.replace(/:443$/, '')))
      return void socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
    inside.emit('connection', socket)
  })
  const url = await listen(outside)

  return {
    env: {
      ACTIONS_ID_TOKEN_REQUEST_URL: `${url}/id-token?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: REQUEST_TOKEN,
      GITHUB_SERVER_URL: `https://${HOST}`,
      GITHUB_API_URL: url,
      GITHUB_REPOSITORY: 'octo/hello',
      https_proxy: url,
      no_proxy: '127.0.0.1',
      NODE_EXTRA_CA_CERTS: authority.certificate,
    },
    serverUrl: `https://${HOST}`,
    certificate: authority.certificate,
    stored,
    broken,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => outside.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
      authority[Symbol.dispose]()
    },
  }
}

type Answer = { status: number; body: object }

function failure(broken: { status: number; message: string } | undefined): Answer {
  return { status: broken?.status ?? 500, body: { message: broken?.message } }
}

/** Fulcio gives a certificate to who proves to have the key, by signing who he is. */
async function certified(authority: Authority, identity: Identity, body: string): Promise<Answer> {
  const request = parseRecord(body)?.['publicKeyRequest']
  const key = isRecord(request) && isRecord(request['publicKey']) ? textOf(request['publicKey']['content']) : ''
  const proof = Buffer.from(isRecord(request) ? textOf(request['proofOfPossession']) : '', 'base64')
  if (!verify('sha256', Buffer.from(identity.subject), createPublicKey(key), proof)) {
    return { status: 400, body: { message: 'the proof of possession is wrong' } }
  }
  const certificate = await authority.forKey(
    key,
    `https://${HOST}/octo/hello/.github/workflows/deploy.yml@refs/heads/main`,
  )
  return { status: 201, body: { signedCertificateEmbeddedSct: { chain: { certificates: [certificate] } } } }
}

async function send(response: ServerResponse, answer: Promise<Answer>): Promise<void> {
  const { status, body } = await answer.catch((error: unknown) => ({ status: 500, body: { message: String(error) } }))
  const isBytes = Buffer.isBuffer(body)
  response.writeHead(status, { 'content-type': isBytes ? 'application/timestamp-reply' : 'application/json' })
  response.end(isBytes ? body : JSON.stringify(body))
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
  })
}
