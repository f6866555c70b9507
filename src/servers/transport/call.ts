import type { Writable } from 'node:stream'
import type { ClientChannel } from 'ssh2'
import { EventReader, type HostEvent } from '../protocol/events.ts'
import { type ChannelEnd, type Outcome, outcomeOf } from '../protocol/outcome.ts'
import { Tail } from '../protocol/tail.ts'
import type { ScriptOptions } from './connection.ts'
import { messageOf } from './trouble.ts'
import { secondsOf } from './within.ts'

/** What all events of a call may hold together. A host that tells more is not ours. */
const MOST_TOLD = 16 * 1024 * 1024
/** Of complaints, whose end says most. */
const MOST_COMPLAINED = 64 * 1024

export type CallTerms = Pick<ScriptOptions, 'deadlineMs' | 'signal' | 'onEvent'> & {
  mark: string
  /** The script and its parameters. */
  head: string
  /** What is left of the deadline. */
  leftMs: number
  /** Aborted with the connection. */
  lost: AbortSignal
}

/** A script that was handed to a channel which waits for one. It is followed to its end. */
export class Call {
  readonly outcome: Promise<Outcome>
  readonly #channel: ClientChannel
  readonly #reader: EventReader
  readonly #events: HostEvent[] = []
  readonly #complaints = new Tail(MOST_COMPLAINED)
  readonly #over = new AbortController()
  #told = 0
  #end: ChannelEnd | undefined
  #resolve: (outcome: Outcome) => void = () => {}
  #reject: (error: unknown) => void = () => {}

  constructor(channel: ClientChannel, terms: CallTerms) {
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#channel = channel
    this.#reader = new EventReader(terms.mark, (event) => this.#take(event, terms.onEvent))
    this.#listen(terms.lost)
    this.#arm(terms)
    if (!this.over.aborted) channel.write(terms.head)
  }

  /** Aborted when the outcome is there, whatever the channel still does. */
  get over(): AbortSignal {
    return this.#over.signal
  }

  get input(): Writable {
    return this.#channel
  }

  /** Leaves the script alone: what it did is unknown. Other calls go on over the same connection. */
  giveUp(why: string): void {
    this.#settle({ kind: 'lost', why })
    this.#channel.close()
  }

  #listen(lost: AbortSignal): void {
    const channel = this.#channel
    channel.on('data', (chunk: Buffer) => this.#reader.take(chunk))
    channel.stderr.on('data', (chunk: Buffer) => this.#complaints.take(chunk))
    // A script may end before it has read everything; its exit code tells the story.
    channel.on('error', () => {})
    channel.on('exit', (code: number | null, signal?: string) => {
      this.#end = code === null ? { kind: 'signalled', signal: signal ?? 'a signal' } : { kind: 'exited', code }
    })
    channel.once('close', () => {
      this.#reader.end()
      this.#settle(this.#end ?? lostAs(lost))
    })
  }

  #arm({ lost, signal, deadlineMs, leftMs }: CallTerms): void {
    const late = setTimeout(() => this.giveUp(`it took more than ${secondsOf(deadlineMs)}`), leftMs)
    const cancel = () => this.giveUp('it was cancelled')
    // What has arrived is read first: the end of the script may be among it.
    const lose = () => setImmediate(() => this.#settle(this.#end ?? lostAs(lost)))
    signal.addEventListener('abort', cancel)
    lost.addEventListener('abort', lose)
    this.over.addEventListener('abort', () => {
      clearTimeout(late)
      signal.removeEventListener('abort', cancel)
      lost.removeEventListener('abort', lose)
    })
    if (signal.aborted) cancel()
    if (lost.aborted) lose()
  }

  #take(event: HostEvent, onEvent: ScriptOptions['onEvent']): void {
    if (this.over.aborted) return
    this.#told += JSON.stringify(event).length
    this.#events.push(event)
    if (this.#told > MOST_TOLD) this.giveUp('it told more than any script of ours')
    try {
      onEvent(event)
    } catch (error) {
      // A fault of ours is not the server's: ssh2 would take it for a broken connection.
      this.#over.abort()
      this.#reject(error)
      this.#channel.close()
    }
  }

  #settle(end: ChannelEnd): void {
    if (this.over.aborted) return
    this.#over.abort()
    this.#resolve(outcomeOf(end, this.#events, this.#reader.said + this.#complaints.text))
  }
}

function lostAs(lost: AbortSignal): ChannelEnd {
  const why = lost.aborted ? messageOf(lost.reason) : 'the server closed its channel and did not say how it ended'
  return { kind: 'lost', why }
}
