import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { type IncomingMessage, request as requestInTheClear } from 'node:http'
import { request } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { Cancelled, Failed } from '../../report/ending.ts'
import type { Log } from '../../report/log.ts'
import { tunnelTo } from './proxy.ts'
import { isTrusted } from './trusted.ts'
import { isPassing, networkFault, Unreachable } from './unreachable.ts'

/** How long a server may say nothing, how long all attempts may take together, and the pause before another one. */
export type Patience = { silentMs: number; totalMs: number; pauseMs: number }

export type Download = {
  url: URL
  file: string
  log: Log
  signal: AbortSignal
  patience?: Patience
}

/** `unreachable` says why, in the words of the network or of the server. */
export type Downloaded = { kind: 'done'; sha256: string } | { kind: 'unreachable'; why: string }

const PATIENCE: Patience = { silentMs: 30_000, totalMs: 300_000, pauseMs: 2000 }
const ATTEMPTS = 3
const REDIRECTS = 5
/** No tool of ours comes near it; more than that would only fill the disk. */
const MOST_BYTES = 1024 * 1024 * 1024

/**
 * Brings a file here and gives its hash. It ends in bounded time, whatever the server does. It goes through the proxy that
 * the environment names.
 */
export async function download(options: Download): Promise<Downloaded> {
  const { url, log, signal, patience = PATIENCE } = options
  const deadline = AbortSignal.timeout(patience.totalMs)
  const ended = AbortSignal.any([signal, deadline])
  for (let attempt = 1; ; attempt++) {
    try {
      return { kind: 'done', sha256: await once(options, ended, patience.silentMs) }
    } catch (error) {
      if (signal.aborted) throw new Cancelled(`The download of ${url} was stopped.`)
      if (!(error instanceof Unreachable)) throw error
      if (deadline.aborted) return { kind: 'unreachable', why: `it did not come within ${seconds(patience.totalMs)}` }
      if (!error.passing || attempt === ATTEMPTS) return { kind: 'unreachable', why: error.message }
      log.info(`${url}: ${error.message}. Trying again.`)
      await sleep(patience.pauseMs * attempt, undefined, { signal: ended }).catch(() => {})
    }
  }
}

async function once({ url, file }: Download, signal: AbortSignal, silentMs: number): Promise<string> {
  const silence = new AbortController()
  const timer = setTimeout(() => silence.abort(), silentMs)
  let response: IncomingMessage | undefined
  try {
    response = await answer(url, AbortSignal.any([signal, silence.signal]))
    return await written(response, file, () => timer.refresh())
  } catch (error) {
    if (silence.signal.aborted) throw new Unreachable(`it said nothing for ${seconds(silentMs)}`, true)
    throw error
  } finally {
    clearTimeout(timer)
    response?.destroy()
  }
}

/** The answer that has the file, at the end of the redirects. */
async function answer(from: URL, signal: AbortSignal): Promise<IncomingMessage> {
  let url = from
  for (let hop = 0; hop <= REDIRECTS; hop++) {
    const response = await get(url, signal)
    const { statusCode = 0, headers } = response
    if (statusCode === 200) return response
    response.destroy()
    if (![301, 302, 303, 307, 308].includes(statusCode) || headers.location === undefined) {
      throw new Unreachable(`the server answered with status ${statusCode}`, isPassing(statusCode))
    }
    if (!URL.canParse(headers.location, url.href)) throw new Unreachable('it redirects to no address', false)
    url = new URL(headers.location, url)
    if (!isTrusted(url)) throw new Unreachable(`it redirects to ${url.origin}, which is not https`, false)
  }
  throw new Unreachable(`it redirects more than ${REDIRECTS} times`, false)
}

async function get(url: URL, signal: AbortSignal): Promise<IncomingMessage> {
  const secure = url.protocol === 'https:' ? await tunnelTo(url, signal) : undefined
  return new Promise((resolve, reject) => {
    const ask = url.protocol === 'https:' ? request : requestInTheClear
    const asking = ask(
      url,
      {
        signal,
        // Packed once more, it would have another hash.
        headers: { 'user-agent': 'rust-deploy', 'accept-encoding': 'identity' },
        ...(secure ? { createConnection: () => secure } : { agent: false }),
      },
      resolve,
    )
    asking.once('error', (error) => reject(networkFault(error)))
    asking.end()
  })
}

/** Streams the body into the file and gives its hash. */
async function written(response: IncomingMessage, file: string, heard: () => void): Promise<string> {
  const hash = createHash('sha256')
  const target = await local(file, () => open(file, 'w'))
  try {
    let bytes = 0
    for await (const chunk of bodyOf(response)) {
      heard()
      bytes += chunk.length
      if (bytes > MOST_BYTES) throw new Unreachable(`it sends more than ${MOST_BYTES} bytes`, false)
      hash.update(chunk)
      await local(file, () => target.writeFile(chunk))
    }
  } finally {
    await target.close()
  }
  return hash.digest('hex')
}

async function* bodyOf(response: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    yield* response
  } catch (error) {
    throw networkFault(error)
  }
}

/** What fails on this machine is no reason to ask the server again. */
async function local<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Failed(`${file} could not be written: ${why}. Make room there, or choose another folder.`, { cause })
  }
}

function seconds(ms: number): string {
  return `${ms / 1000} seconds`
}
