import { randomBytes } from 'node:crypto'
import type { ClientChannel } from 'ssh2'
import { Cancelled, Refused } from '../../report/ending.ts'
import type { Outcome } from '../protocol/outcome.ts'
import { headOf } from '../protocol/stdin.ts'
import { Call } from './call.ts'
import type { CallOptions, Connection, Conversation, ScriptOptions } from './connection.ts'
import type { Link } from './link.ts'
import { pour } from './pour.ts'
import { messageOf } from './trouble.ts'
import { within } from './within.ts'

export type SshConnectionOptions = {
  /** For people. */
  name: string
  target: Link
  /** What the target is reached through, the first hop first. */
  way: readonly Link[]
  /** One more login at the same place. */
  another(signal: AbortSignal): Promise<Link>
}

type Opened = { channel: ClientChannel; lost: AbortSignal }

/** Calls over SSH, each on a channel of its own. */
export class SshConnection implements Connection {
  readonly #options: SshConnectionOptions
  /** The target, and more logins there, where one alone may not have all the channels that are wanted. */
  #links: Link[]
  #isClosed = false

  constructor(options: SshConnectionOptions) {
    this.#options = options
    this.#links = [options.target]
  }

  async call({ payload = new Uint8Array(), ...options }: CallOptions): Promise<Outcome> {
    const call = await this.#start(options)
    pour(payload, call.input, call.over).catch((error: unknown) => {
      call.giveUp(`what is sent to it could not be read: ${messageOf(error)}`)
    })
    return await call.outcome
  }

  async converse(options: ScriptOptions): Promise<Conversation> {
    const { input, over, outcome } = await this.#start(options)
    return {
      say: (line) => {
        if (/[\n\0]/.test(line)) throw new Error('what is said has several lines')
        if (!over.aborted) input.write(`${line}\n`)
      },
      end: () => {
        if (!over.aborted) input.end()
      },
      outcome,
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all(this.#links.map((link) => link.close()))
    for (const link of this.#options.way.toReversed()) await link.close()
  }

  async #start(options: ScriptOptions): Promise<Call> {
    const began = performance.now()
    const mark = randomBytes(8).toString('hex')
    const head = headOf(options.script, { ...options.parameters, mark })
    const { channel, lost } = await this.#channel(options)
    const leftMs = options.deadlineMs - (performance.now() - began)
    return new Call(channel, { ...options, mark, head, leftMs, lost })
  }

  /** Until there is one, nothing of the call is on the host. */
  async #channel({ deadlineMs, signal }: ScriptOptions): Promise<Opened> {
    const { name } = this.#options
    try {
      return await within(deadlineMs, signal, (limited) => this.#opened(limited))
    } catch (error) {
      if (signal.aborted) throw new Cancelled(`Nothing more is done at ${name}: it was cancelled.`, { cause: error })
      if (error instanceof Refused) throw error
      const remedy = 'Nothing of this step was done there; connect again'
      throw new Refused(`${name} opens no channel for a command: ${messageOf(error)}. ${remedy}.`, { cause: error })
    }
  }

  async #opened(signal: AbortSignal): Promise<Opened> {
    this.#options.target.over.throwIfAborted()
    this.#links = this.#links.filter(({ over }) => !over.aborted)
    for (const link of [...this.#links]) {
      const channel = await link.openShell(signal)
      if (channel !== undefined) return { channel, lost: link.over }
    }
    const link = await this.#options.another(signal)
    this.#links.push(link)
    if (this.#isClosed) await link.close()
    const channel = await link.openShell(signal)
    if (channel === undefined) throw new Error('it allows none, not even to a fresh login (MaxSessions)')
    return { channel, lost: link.over }
  }
}
