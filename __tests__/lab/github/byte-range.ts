import { BlobError } from './blob-error.ts'

/** First and last byte, both counted in, of a `Range` header; undefined where the whole is meant. */
export function byteRange(header: string | undefined, size: number): { start: number; end: number } | undefined {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(header ?? '') ?? []
  if (from === undefined || to === undefined) return undefined
  const start = Number(from)
  const end = to === '' ? size - 1 : Math.min(Number(to), size - 1)
  if (start > end)
    throw new BlobError(416, 'InvalidRange', 'The range specified is invalid for the current size of the resource.')
  return { start, end }
}
