import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { BlobError } from './blob-error.ts'
import { type BlobService, blobOperation } from './blob-service.ts'
import { type Fault, type Faults, isOperation, type Operation } from './faults.ts'
import { isRest, RestError, type RestService, restOperation } from './rest-service.ts'
import { TwirpError, twirpCodeOf } from './twirp.ts'
import { type TwirpService, twirpMethodName } from './twirp-service.ts'
import type { Visit } from './visit.ts'

/** One request of the log. */
export type Asked = {
  /** Undefined for what is no operation of the services. */
  operation: Operation | undefined
  method: string
  path: string
  /** Of the answer; undefined while there is none, and for ever when the connection went down without one. */
  readonly status: number | undefined
}

/** Where requests come in: each is written down, meets the fault that is set on its operation, and goes to its service. */
export class Doors {
  readonly asked: Asked[] = []
  readonly faults: Faults
  readonly #twirp: TwirpService
  readonly #blobs: BlobService
  readonly #rest: RestService

  constructor(services: { twirp: TwirpService; blobs: BlobService; rest: RestService }, faults: Faults) {
    this.#twirp = services.twirp
    this.#blobs = services.blobs
    this.#rest = services.rest
    this.faults = faults
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = URL.parse(`http://127.0.0.1${request.url}`) ?? new URL('http://127.0.0.1')
    const side = sideOf(url.pathname)
    const operation = operationOf(side, request, url)
    this.asked.push({
      operation,
      method: request.method ?? '',
      path: url.pathname,
      get status() {
        return response.headersSent ? response.statusCode : undefined
      },
    })
    response.setHeader(side === 'blobs' ? 'x-ms-request-id' : 'X-GitHub-Request-Id', randomUUID())
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    const fault = operation && this.faults.take(operation)
    const visit = { url, request, response, fault, gone: gone.signal }

    try {
      if (fault !== undefined && replaced(visit, fault, side)) return
      if (side === 'twirp') await this.#twirp.answer(visit)
      else if (side === 'rest') await this.#rest.answer(visit)
      else if (operation !== undefined) await this.#blobs.answer(operation, visit)
      else throw new BlobError(400, 'UnsupportedHttpVerb', 'The resource does not support the specified verb.')
    } catch (error) {
      // Once the answer has begun, or the client is gone, closing is all that can still be said.
      if (response.headersSent || request.socket.destroyed) response.destroy()
      else refuse(response, error, side)
    }
  }
}

/** The three that share one port here, and have hosts of their own at GitHub. */
type Side = 'twirp' | 'blobs' | 'rest'

function sideOf(path: string): Side {
  if (path.startsWith('/github/blobs/')) return 'blobs'
  return isRest(path) ? 'rest' : 'twirp'
}

function operationOf(side: Side, request: IncomingMessage, url: URL): Operation | undefined {
  switch (side) {
    case 'blobs':
      return blobOperation(request, url)
    case 'rest':
      return restOperation(url.pathname)
    case 'twirp':
      return twirpOperation(url.pathname)
  }
}

function twirpOperation(path: string): Operation | undefined {
  const name = twirpMethodName(path)
  return name !== undefined && isOperation(name) ? name : undefined
}

/** Faults that stand in for the service; the others are met on the way of the bytes. */
function replaced({ request, response }: Visit, fault: Fault, side: Side): boolean {
  switch (fault.kind) {
    case 'status': {
      const message = fault.message ?? 'a fault asked for this answer'
      if (side === 'rest') throw new RestError(fault.status, message)
      if (side === 'blobs') throw new BlobError(fault.status, AZURE_CODES[fault.status], message)
      throw new TwirpError(twirpCodeOf(fault.status), message, fault.status)
    }
    case 'hang':
      return true
    case 'reset':
      request.socket.resetAndDestroy()
      return true
    case 'garbage':
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html><body>Welcome to the proxy</body></html>')
      return true
    default:
      return false
  }
}

const AZURE_CODES = {
  403: 'AuthorizationFailure',
  429: 'ServerBusy',
  500: 'InternalError',
  502: 'InternalError',
  503: 'ServerBusy',
  504: 'OperationTimedOut',
}

function refuse(response: ServerResponse, error: unknown, side: Side): void {
  if (error instanceof TwirpError) {
    json(response, error.status, { code: error.code, msg: error.message })
  } else if (error instanceof RestError) {
    json(response, error.status, { message: error.message, status: String(error.status) })
  } else if (error instanceof BlobError) {
    response.writeHead(error.status, { 'Content-Type': 'application/xml', 'x-ms-error-code': error.code })
    response.end(error.xml)
  } else {
    // A mistake of this server: said in full, since a test will be looking for it.
    const told = error instanceof Error ? (error.stack ?? error.message) : String(error)
    if (side === 'blobs') response.writeHead(500, { 'Content-Type': 'text/plain' }).end(told)
    else json(response, 500, { code: 'internal', msg: told })
  }
}

function json(response: ServerResponse, status: number, body: Record<string, unknown>): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
}
