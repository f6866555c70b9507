import { StringDecoder } from 'node:string_decoder'

/** What is kept of one stream. Past it the beginning goes, because the end says why a program failed. */
const KEPT_CHARS = 16 * 1024 * 1024
/** A line without an end is cut here, so that hostile output cannot fill the memory. */
const LONGEST_LINE = 1024 * 1024

/** Turns the chunks of a stream into lines and keeps its text; invalid UTF-8 becomes U+FFFD. */
export class OutputLines {
  readonly #decoder = new StringDecoder('utf8')
  readonly #onLine: (line: string) => void
  readonly #kept: string[] = []
  #keptChars = 0
  #open = ''

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
  }

  get text(): string {
    return this.#kept.join('')
  }

  push(chunk: Buffer): void {
    this.#take(this.#decoder.write(chunk))
  }

  end(): void {
    this.#take(this.#decoder.end())
    if (this.#open !== '') this.#onLine(this.#open)
    this.#open = ''
  }

  #take(text: string): void {
    this.#kept.push(text)
    this.#keptChars += text.length
    while (this.#keptChars > KEPT_CHARS && this.#kept.length > 1) this.#keptChars -= this.#kept.shift()?.length ?? 0

    const lines = (this.#open + text).split('\n')
    this.#open = lines.pop() ?? ''
    for (const line of lines) this.#onLine(line.endsWith('\r') ? line.slice(0, -1) : line)
    while (this.#open.length > LONGEST_LINE) {
      this.#onLine(this.#open.slice(0, LONGEST_LINE))
      this.#open = this.#open.slice(LONGEST_LINE)
    }
  }
}
