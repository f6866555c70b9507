import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { Cancelled, Failed } from '../report/ending.ts'
import { PAUSES_MS, pause } from './patience.ts'

export type DownloadOptions = {
  url: string
  path: string
  sha256: string
  signal: AbortSignal
  pauses?: readonly number[]
}

/** How a download ended. Only after `done` is the file the one that was wanted. */
export type Download =
  | { kind: 'done' }
  /** The server answered that it has no such file, or not for us. Asking again would not help. */
  | { kind: 'refused'; status: number }
  | { kind: 'unreachable'; reason: string }
  | { kind: 'other'; sha256: string }

/** Brings one file here and says whether it is the expected one. A server that does not answer well is asked again. */
export async function download(options: DownloadOptions): Promise<Download> {
  const { signal, pauses = PAUSES_MS } = options
  for (let tried = 0; ; tried++) {
    const got = await attempt(options)
    const wait = pauses[tried]
    if (got.kind !== 'unreachable' || wait === undefined) return got
    await pause(wait, signal)
  }
}

/** No file that is downloaded here comes near this. */
const MOST_BYTES = 512 * 1024 * 1024
const LONGEST_MS = 10 * 60_000
const LONGEST_SILENCE_MS = 30_000

async function attempt({ url, path, sha256, signal }: DownloadOptions): Promise<Download> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(LONGEST_MS)])
  try {
    const message = await answerOf(url, limit)
    const status = message.statusCode ?? 0
    if (status !== 200) {
      message.destroy()
      const passing = status >= 500 || status === 408 || status === 429
      return passing ? { kind: 'unreachable', reason: `it answers with ${status}` } : { kind: 'refused', status }
    }
    const hash = createHash('sha256')
    let size = 0
    const measured = async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        size += chunk.length
        if (size > MOST_BYTES) throw new Error('it sends more than any such file holds')
        hash.update(chunk)
        yield chunk
      }
    }
    await pipeline(message, measured, createWriteStream(path, { mode: 0o700 }), { signal: limit })
    const actual = hash.digest('hex')
    return actual === sha256 ? { kind: 'done' } : { kind: 'other', sha256: actual }
  } catch (error) {
    if (signal.aborted) throw new Cancelled('A download was stopped.')
    if (limit.aborted) return { kind: 'unreachable', reason: `it took more than ${LONGEST_MS / 60_000} minutes` }
    throwIfNotWritable(error, path)
    return { kind: 'unreachable', reason: reasonOf(error) }
  }
}

async function answerOf(url: string, limit: AbortSignal) {
  // It knows the proxies of the environment, which Node's own clients learned only lately.
  const { HttpClient } = await import('@actions/http-client')
  const client = new HttpClient('rust-deploy', [], { allowRetries: false, socketTimeout: LONGEST_SILENCE_MS })
  const answer = client.get(url).then(({ message }) => message)
  return Promise.race([
    answer,
    // The client cannot be stopped. What it still brings is thrown away.
    new Promise<never>((_, reject) => {
      const stop = () => {
        answer.then((message) => message.destroy()).catch(() => {})
        reject(limit.reason)
      }
      if (limit.aborted) stop()
      else limit.addEventListener('abort', stop, { once: true })
    }),
  ])
}

function throwIfNotWritable(error: unknown, path: string): void {
  const { code = '', syscall = '' } = error as NodeJS.ErrnoException
  if (!['open', 'write', 'close'].includes(syscall)) return
  throw new Failed(
    code === 'ENOSPC'
      ? `The disk is full: ${path} could not be written. Free some space.`
      : `${path} could not be written (${code}): check the rights of its folder.`,
    { cause: error },
  )
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error)
  return text.split('\n')[0]?.replace(/\.$/, '').slice(0, 300) || 'no reason is known'
}
