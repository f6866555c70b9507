import { StringDecoder } from 'node:string_decoder'

/**
 * Cuts a stream into lines as the runner does: a lone carriage return ends a line too, so what stands after one in a
 * progress bar is a line of its own and can be a workflow command.
 */
export class RunnerLines {
  readonly #decoder = new StringDecoder('utf8')
  readonly #onLine: (line: string) => void
  #open = ''
  /** A line feed at the start of the next chunk belongs to the carriage return that has ended a line already. */
  #afterReturn = false

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
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
    if (text === '') return
    const fresh = this.#afterReturn && text.startsWith('\n') ? text.slice(1) : text
    this.#afterReturn = fresh.endsWith('\r')
    const [first = '', ...rest] = fresh.split(/\r\n|\n|\r/)
    this.#open += first
    for (const next of rest) {
      this.#onLine(this.#open)
      this.#open = next
    }
  }
}
