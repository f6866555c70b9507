import type { Duplex } from 'node:stream'
import type { Client, ClientChannel } from 'ssh2'
import { COMMAND } from '../protocol/loader.ts'
import { messageOf, reasonOf } from './trouble.ts'
import { orAborted, secondsOf } from './within.ts'

/**
 * The server is asked whether it is there this many times before it counts as gone. Any byte from it is an answer: on a
 * slow line the real one waits behind what is being sent.
 */
const ASKED = 4
/** A server that does not say goodbye is left without. */
const GOODBYE_MS = 500

/** How often the server has to be asked, so that its silence is noticed after this long. */
export function askEvery(silenceMs: number): number {
  return Math.ceil(silenceMs / ASKED)
}

/** One SSH connection. It listens for errors as long as it lives, which node-ssh does not: nobody's error ends a process. */
export class Link {
  readonly #client: Client
  readonly #socket: Duplex
  readonly #over = new AbortController()
  #watch: NodeJS.Timeout | undefined
  #error: Error | undefined
  #channels = 0

  constructor(client: Client, socket: Duplex) {
    this.#client = client
    this.#socket = socket
    client.on('error', (error) => this.drop(error))
    client.on('close', () => this.drop(new Error('the server closed it')))
    // Also what comes when ssh2 has let go of its socket.
    socket.on('error', (error) => this.drop(error))
  }

  /** Aborted as soon as the connection is of no use any more. */
  get over(): AbortSignal {
    return this.#over.signal
  }

  /** The first one that there was. */
  get error(): Error | undefined {
    return this.#error
  }

  /** Counts its silence from now on. */
  watch(silenceMs: number): void {
    let unanswered = 0
    this.#socket.on('data', () => {
      unanswered = 0
    })
    // Not the time is measured but how often nothing had come: this machine may have slept, or had no time to listen.
    const look = () => {
      unanswered += 1
      if (unanswered > ASKED) this.drop(new Error(`nothing came from the server for ${secondsOf(silenceMs)}`))
    }
    if (!this.over.aborted) this.#watch = setInterval(look, askEvery(silenceMs))
  }

  /** A channel that waits for a script; none, where the server has given as many as it gives (MaxSessions). */
  async openShell(signal: AbortSignal): Promise<ClientChannel | undefined> {
    for (const isLast of [false, true]) {
      try {
        const channel = await this.#open(signal, (opened) => this.#client.exec(COMMAND, opened))
        this.#channels += 1
        channel.once('close', () => {
          this.#channels -= 1
        })
        return channel
      } catch (error) {
        if (reasonOf(error) === undefined) throw error
        // A server clears away a channel that has ended a moment after it has said so.
        if (isLast || this.#channels > 0) break
      }
    }
    return undefined
  }

  /** A way from the server to somewhere else. */
  openWay(host: string, port: number, signal: AbortSignal): Promise<ClientChannel> {
    return this.#open(signal, (opened) => this.#client.forwardOut('127.0.0.1', 0, host, port, opened))
  }

  #open(signal: AbortSignal, ask: (opened: Opened) => void): Promise<ClientChannel> {
    const opening = new Promise<ClientChannel>((resolve, reject) => {
      signal.throwIfAborted()
      this.over.throwIfAborted()
      ask((error, channel) => {
        if (error !== undefined) return reject(error)
        // Nobody waits for it any more.
        if (signal.aborted) channel.close()
        resolve(channel)
      })
    })
    return orAborted(opening, signal, this.over)
  }

  async close(): Promise<void> {
    if (this.over.aborted) return
    this.#finish('this side closed the connection')
    await new Promise<void>((resolve) => {
      const patience = setTimeout(resolve, GOODBYE_MS)
      this.#client.once('close', () => {
        clearTimeout(patience)
        resolve()
      })
      this.#client.end()
    })
    this.#socket.destroy()
  }

  /** Leaves at once. */
  drop(error: Error): void {
    this.#error ??= error
    this.#finish(`the connection was lost: ${messageOf(error)}`)
    this.#socket.destroy()
  }

  #finish(why: string): void {
    clearInterval(this.#watch)
    this.#over.abort(new Error(why))
  }
}

type Opened = (error: Error | undefined, channel: ClientChannel) => void
