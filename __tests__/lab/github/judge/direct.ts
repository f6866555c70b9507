import { isRecord, textOf } from '../../../../src/json/narrow.ts'
import type { Github } from '../github.ts'

export type Answer = { status: number; body: Record<string, unknown> }

type Service = 'CacheService' | 'ArtifactService'

/** Asks a method as the toolkits would, but without their patience and their silence. */
export async function ask(
  services: Record<string, string>,
  service: Service,
  method: string,
  fields: Record<string, unknown>,
  signal?: AbortSignal,
): Promise<Answer> {
  const url = new URL(`/twirp/github.actions.results.api.v1.${service}/${method}`, textOf(services.ACTIONS_RESULTS_URL))
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${services.ACTIONS_RUNTIME_TOKEN}` },
    body: JSON.stringify(fields),
    ...(signal !== undefined && { signal }),
  })
  const body: unknown = await response.json()
  return { status: response.status, body: isRecord(body) ? body : {} }
}

/** A reserved cache entry, and the URL to which its bytes may be put. */
export async function reservedBlob(github: Github, key: string): Promise<string> {
  const { body } = await ask(github.env(), 'CacheService', 'CreateCacheEntry', { key, version: 'v' })
  return textOf(body.signed_upload_url)
}

export async function finalized(github: Github, key: string, size: number): Promise<Answer> {
  const fields = { key, version: 'v', size_bytes: String(size) }
  return ask(github.env(), 'CacheService', 'FinalizeCacheEntryUpload', fields)
}

/** The URL from which the bytes of a finalized entry may be read. */
export async function downloadUrl(github: Github, key: string): Promise<string> {
  const { body } = await ask(github.env(), 'CacheService', 'GetCacheEntryDownloadURL', { key, version: 'v' })
  return textOf(body.signed_download_url)
}

export function putBlob(url: string, bytes: string | Uint8Array<ArrayBuffer>): Promise<Response> {
  return fetch(url, { method: 'PUT', body: bytes, headers: { 'x-ms-blob-type': 'BlockBlob' } })
}

/** Makes a whole cache entry of these bytes. */
export async function stored(github: Github, key: string, bytes: string): Promise<void> {
  await putBlob(await reservedBlob(github, key), bytes)
  const { body } = await finalized(github, key, bytes.length)
  if (body.ok !== true) throw new Error(`${key} was not stored: ${JSON.stringify(body)}`)
}
