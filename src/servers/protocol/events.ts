import { parseRecord } from '../../json/narrow.ts'
import { Tail } from './tail.ts'

/** One thing that a script told. All its values are text. */
export type HostEvent = { readonly event: string; readonly [key: string]: string }

/** Of what is no event: banners, profiles, complaints. The end of it says most. */
const MOST_SAID = 64 * 1024
/** A line of more is none of ours. */
const LONGEST_LINE = 1024 * 1024

/**
 * Finds the events in the output of a call. They stand behind a mark that only this call knows, since profiles, banners and
 * the programs that are run print into the same stream.
 */
export class EventReader {
  readonly #mark: string
  readonly #onEvent: (event: HostEvent) => void
  readonly #decoder = new TextDecoder()
  #line = ''
  #tooLong = false
  readonly #said = new Tail(MOST_SAID)

  constructor(mark: string, onEvent: (event: HostEvent) => void) {
    this.#mark = `${mark} `
    this.#onEvent = onEvent
  }

  /** What else was printed, its end. */
  get said(): string {
    return this.#said.text
  }

  take(chunk: Uint8Array): void {
    this.#takeText(this.#decoder.decode(chunk, { stream: true }))
  }

  end(): void {
    this.#takeText(this.#decoder.decode())
    if (this.#line !== '' && !this.#tooLong) this.#takeLine(this.#line)
    this.#line = ''
  }

  #takeText(text: string): void {
    const lines = text.split('\n')
    for (const [index, piece] of lines.entries()) {
      this.#line += piece
      if (this.#line.length > LONGEST_LINE) {
        this.#tooLong = true
        this.#line = ''
      }
      if (index === lines.length - 1) return
      if (!this.#tooLong) this.#takeLine(this.#line)
      this.#tooLong = false
      this.#line = ''
    }
  }

  #takeLine(line: string): void {
    const event = line.startsWith(this.#mark) ? readEvent(line.slice(this.#mark.length)) : undefined
    if (event !== undefined) this.#onEvent(event)
    // Scripts begin an event with a line end, in case something else has left its line open.
    else if (line.trim() !== '') this.#said.take(Buffer.from(`${line}\n`))
  }
}

function readEvent(text: string): HostEvent | undefined {
  const record = parseRecord(text)
  if (record === undefined || typeof record['event'] !== 'string') return undefined
  const texts = Object.entries(record).filter((pair): pair is [string, string] => typeof pair[1] === 'string')
  return { ...Object.fromEntries(texts), event: record['event'] }
}
