import { createReadStream } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { BlobError } from './blob-error.ts'
import type { Blobs, Content } from './blobs.ts'
import { parseBlockList } from './block-list.ts'
import { bodyText } from './body.ts'
import { byteRange } from './byte-range.ts'
import type { Fault, Operation } from './faults.ts'
import type { Links } from './links.ts'
import { firstOf, flipByte, trickle } from './spoil.ts'
import type { Visit } from './visit.ts'

/** Which of the blob operations a request is; undefined when it is none that the toolkits use. */
export function blobOperation(request: IncomingMessage, url: URL): Operation | undefined {
  const component = url.searchParams.get('comp')
  switch (request.method) {
    case 'PUT':
      if (component === 'block') return 'PutBlock'
      if (component === 'blocklist') return 'PutBlockList'
      return component === null ? 'PutBlob' : undefined
    case 'GET':
      return component === null ? 'GetBlob' : undefined
    case 'HEAD':
      return component === null ? 'HeadBlob' : undefined
    default:
      return undefined
  }
}

/** The part of Azure's block blobs that the toolkits use, with its statuses and error codes. */
export class BlobService {
  readonly #blobs: Blobs
  readonly #links: Links

  constructor(blobs: Blobs, links: Links) {
    this.#blobs = blobs
    this.#links = links
  }

  async answer(operation: Operation, visit: Visit): Promise<void> {
    const { url, request, response, fault, gone } = visit
    const link = this.#links.read(url)
    const needed = operation === 'GetBlob' || operation === 'HeadBlob' ? 'r' : 'cw'
    if (link === undefined || link.permission !== needed) {
      throw new BlobError(403, 'AuthenticationFailed', 'Server failed to authenticate the request.')
    }
    const { blob } = link
    const bytes: AsyncIterable<Buffer> = fault?.kind === 'slow' ? trickle(request, fault.bytesPerSecond, gone) : request

    switch (operation) {
      case 'PutBlob': {
        if (headerOf(request, 'x-ms-blob-type') !== 'BlockBlob') {
          throw new BlobError(400, 'MissingRequiredHeader', 'x-ms-blob-type must be BlockBlob.')
        }
        const type = headerOf(request, 'x-ms-blob-content-type') ?? headerOf(request, 'content-type')
        created(response, await this.#blobs.put(blob, type ?? DEFAULT_TYPE, bytes), fault)
        return
      }
      case 'PutBlock': {
        const id = url.searchParams.get('blockid') ?? ''
        checkBlockId(id, this.#blobs.stagedIds(blob))
        await this.#blobs.stage(blob, id, bytes)
        created(response, undefined, fault)
        return
      }
      case 'PutBlockList': {
        const ids = parseBlockList(await bodyText(request))
        const type = headerOf(request, 'x-ms-blob-content-type') ?? DEFAULT_TYPE
        created(response, await this.#blobs.commit(blob, type, ids), fault)
        return
      }
      default: {
        const content = this.#blobs.content(blob)
        if (content === undefined) throw new BlobError(404, 'BlobNotFound', 'The specified blob does not exist.')
        await send(visit, content, link.disposition)
      }
    }
  }
}

const DEFAULT_TYPE = 'application/octet-stream'
const LONGEST_BLOCK_ID = 64

function checkBlockId(id: string, others: readonly string[]): void {
  const decoded = Buffer.from(id, 'base64')
  if (id === '' || decoded.toString('base64') !== id || decoded.length > LONGEST_BLOCK_ID) {
    throw new BlobError(400, 'InvalidQueryParameterValue', 'blockid must be base64 of at most 64 bytes.')
  }
  if (others.some((other) => other.length !== id.length)) {
    throw new BlobError(400, 'InvalidBlobOrBlock', 'All block ids of a blob must have the same length.')
  }
}

function created(response: ServerResponse, content: Content | undefined, fault: Fault | undefined): void {
  if (fault?.kind === 'lost') {
    response.destroy()
    return
  }
  if (content !== undefined) response.setHeader('ETag', content.etag)
  if (content !== undefined) response.setHeader('Last-Modified', content.modified.toUTCString())
  response.writeHead(201, { 'Content-Length': 0, 'x-ms-request-server-encrypted': 'true' }).end()
}

async function send({ request, response, fault, gone }: Visit, content: Content, disposition?: string): Promise<void> {
  const range = byteRange(headerOf(request, 'x-ms-range') ?? headerOf(request, 'range'), content.size)
  const { start, end } = range ?? { start: 0, end: content.size - 1 }
  const length = end - start + 1
  response.writeHead(range === undefined ? 200 : 206, {
    'Content-Type': content.type,
    'Content-Length': length,
    'Accept-Ranges': 'bytes',
    ETag: content.etag,
    'Last-Modified': content.modified.toUTCString(),
    'x-ms-blob-type': 'BlockBlob',
    ...(range !== undefined && { 'Content-Range': `bytes ${start}-${end}/${content.size}` }),
    ...(disposition !== undefined && { 'Content-Disposition': disposition }),
  })
  if (request.method === 'HEAD' || length === 0) {
    response.end()
    return
  }
  const bytes: AsyncIterable<Buffer> = createReadStream(content.file, { start, end })
  const middle = Math.floor(length / 2)
  switch (fault?.kind) {
    case 'slow':
      return pipeline(trickle(bytes, fault.bytesPerSecond, gone), response)
    case 'corrupt':
      return pipeline(flipByte(bytes, middle), response)
    case 'truncate':
      await pipeline(firstOf(bytes, middle), response, { end: false })
      // After what was written has left: the client has half of the bytes, and then the end of the connection.
      request.socket.destroySoon()
      return
    default:
      return pipeline(bytes, response)
  }
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}
