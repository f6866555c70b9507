import { parseRecord } from '../../json/narrow.ts'
import { readReleaseId } from './id.ts'
import { instantIn } from './instant.ts'

/** What is written into the history of a server. A newer version may write more, which is shown and means nothing here. */
export type HistoryEventName =
  | 'bootstrapped'
  | 'uploaded'
  | 'switched'
  | 'confirmed'
  /** By the guard. The release is the one that it went back from. */
  | 'rolled-back'
  /** By a person who went back from this release. */
  | 'withdrawn'
  | 'pruned'
  | 'unlocked'

export type HistoryEvent<Name extends string = string> = {
  time: string
  event: Name
  release?: string | undefined
  by?: string | undefined
  why?: string | undefined
}

/** Its end is enough: a server has few releases, and the newest events are about them. */
const MOST_CHARACTERS = 4 * 1024 * 1024
const LONGEST_TEXT = 2000

export function writeHistoryEvent({ time, event, release, by, why }: HistoryEvent<HistoryEventName>): string {
  return `${JSON.stringify({ time, event, release, by, why })}\n`
}

/**
 * The events of a history, or of the end of one, in the order in which they were written: clocks can be set back. Lines
 * that are none are passed over: the first may be cut, and the last half written.
 */
export function readHistory(text: string): HistoryEvent[] {
  return text
    .slice(-MOST_CHARACTERS)
    .split('\n')
    .map(readEvent)
    .filter((event) => event !== undefined)
}

function readEvent(line: string): HistoryEvent | undefined {
  // A writer that died leaves half an event, and a crash zeros, behind which the next one writes. Within a text a quote
  // is escaped, so that only an event begins like this.
  const record = parseRecord(line) ?? parseRecord(line.split(/(?=\{"[a-z])/).at(-1) ?? '')
  const time = instantIn(record?.['time'])
  const event = shownText(record?.['event'])
  if (record === undefined || event === undefined || time === undefined) return undefined
  const release = typeof record['release'] === 'string' ? readReleaseId(record['release'])?.id : undefined
  return { time, event, release, by: shownText(record['by']), why: shownText(record['why']) }
}

/** Of one line, whatever the writer was told. */
function shownText(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined
  return value
    .slice(0, LONGEST_TEXT)
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_C}]+/gu, ' ')
}
