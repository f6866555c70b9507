import { createHmac } from 'node:crypto'

/** `cw`: create and write; `r`: read. Azure's names. */
type Permission = 'cw' | 'r'

type Link = { blob: string; permission: Permission; disposition?: string }

/**
 * Signed URLs of blobs. They carry all that they permit in Azure's parameters, so the blob side needs no other knowledge
 * of who may do what. The path has an account, a container and a name, because the client splits it in that way.
 */
export class Links {
  readonly #origin: string
  readonly #secret: Buffer
  readonly #lastMs: number

  constructor(origin: string, secret: Buffer, lastMs: number) {
    this.#origin = origin
    this.#secret = secret
    this.#lastMs = lastMs
  }

  make({ blob, permission, disposition }: Link): string {
    const url = new URL(`/github/blobs/${blob}`, this.#origin)
    url.searchParams.set('sv', '2026-02-06')
    url.searchParams.set('sp', permission)
    url.searchParams.set('se', new Date(Date.now() + this.#lastMs).toISOString())
    if (disposition !== undefined) url.searchParams.set('rscd', disposition)
    url.searchParams.set('sig', this.#signature(url))
    return url.href
  }

  /** What the URL permits, or undefined when it is not one of ours, was changed, or is too old. */
  read(url: URL): Link | undefined {
    const [, blob] = /^\/github\/blobs\/([^/]+)$/.exec(url.pathname) ?? []
    const permission = url.searchParams.get('sp')
    if (blob === undefined || (permission !== 'cw' && permission !== 'r')) return undefined
    // The client writes the URL anew and may lose the padding on the way.
    if (unpadded(url.searchParams.get('sig') ?? '') !== unpadded(this.#signature(url))) return undefined
    if (!(Date.parse(url.searchParams.get('se') ?? '') > Date.now())) return undefined
    const disposition = url.searchParams.get('rscd')
    return { blob, permission, ...(disposition !== null && { disposition }) }
  }

  #signature(url: URL): string {
    const signed = [url.pathname, ...['sv', 'sp', 'se', 'rscd'].map((name) => url.searchParams.get(name) ?? '')]
    return createHmac('sha256', this.#secret).update(signed.join('\n')).digest('base64')
  }
}

function unpadded(signature: string): string {
  return signature.replace(/=+$/, '')
}
