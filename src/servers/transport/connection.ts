import type { HostEvent } from '../protocol/events.ts'
import type { Outcome } from '../protocol/outcome.ts'
import type { Parameters } from '../protocol/stdin.ts'

/** A script of ours that runs on the host, and what it tells. */
export type ScriptOptions = {
  script: string
  /** `mark` is added to them: each call has one of its own. */
  parameters: Parameters
  /** From asking for a channel to the end of the script. Past it nobody knows what the host did. */
  deadlineMs: number
  /** Aborting ends the waiting, not the script: what that did is unknown then. */
  signal: AbortSignal
  onEvent(event: HostEvent): void
}

export type Payload = Uint8Array | AsyncIterable<Uint8Array>

export type CallOptions = ScriptOptions & {
  /** What the script finds on its standard input after its parameters. */
  payload?: Payload
}

/** A call whose standard input stays open. */
export type Conversation = {
  /** Sends a line. One that comes too late is lost, as it would be on the way. */
  say(line: string): void
  /** There is no more to say. */
  end(): void
  readonly outcome: Promise<Outcome>
}

/**
 * A login on a host. A call that is rejected (`Refused`, `Cancelled`) has run nothing there; of every other one the outcome
 * says what is known.
 */
export type Connection = {
  call(options: CallOptions): Promise<Outcome>
  converse(options: ScriptOptions): Promise<Conversation>
  /** Afterwards nothing is open any more. Calls that still run have an unknown outcome. */
  close(): Promise<void>
}
