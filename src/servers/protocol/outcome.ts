import type { HostEvent } from './events.ts'

/** How the channel of a call ended, as SSH tells it. */
export type ChannelEnd =
  | { kind: 'exited'; code: number }
  | { kind: 'signalled'; signal: string }
  /** The connection was lost, or the time was over. */
  | { kind: 'lost'; why: string }

/** What is known of a call when it is over. Only `done` is success; of `unknown` nobody can say what the host did. */
export type Outcome = { events: readonly HostEvent[]; said: string } & (
  | { kind: 'done' }
  | { kind: 'refused'; code: string; refusal: HostEvent }
  | { kind: 'failed'; why: string }
  | { kind: 'unknown'; why: string }
)

/** Nothing was changed. */
const REFUSED = 10
/** Told in events. */
const FAILED = 11

export function outcomeOf(end: ChannelEnd, events: readonly HostEvent[], said: string): Outcome {
  const all = { events, said }
  // A shell that runs nothing of what it is sent may end well: a script that came to its end says so.
  const isWhole = events.at(-1)?.event === 'end'
  if (end.kind === 'lost') return { ...all, kind: 'unknown', why: end.why }
  if (end.kind === 'signalled') return { ...all, kind: 'unknown', why: `it was ended by ${end.signal}` }
  if (!isWhole) return { ...all, kind: 'unknown', why: `it ended with ${end.code} before its end` }
  const refusal = events.findLast(({ event }) => event === 'refused')
  switch (end.code) {
    case 0:
      return { ...all, kind: 'done' }
    case REFUSED:
      if (refusal !== undefined) return { ...all, kind: 'refused', code: refusal['code'] ?? '', refusal }
      return { ...all, kind: 'unknown', why: 'it refused without a reason' }
    case FAILED:
      return { ...all, kind: 'failed', why: events.findLast(({ event }) => event === 'failed')?.['why'] ?? '' }
    default:
      return { ...all, kind: 'unknown', why: `it ended with ${end.code}` }
  }
}
