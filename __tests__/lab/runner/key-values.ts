/**
 * The pairs of GITHUB_OUTPUT, GITHUB_ENV and GITHUB_STATE: `name=value`, or `name<<delimiter`, lines, `delimiter`.
 * Pairs before a fault are given before it throws, since the runner has applied them by then.
 */
export function* keyValues(text: string): Generator<readonly [name: string, value: string]> {
  const reader = new Reader(text)
  for (let line = reader.next(); line !== undefined; line = reader.next()) {
    if (line.text === '') continue
    const equals = line.text.indexOf('=')
    const heredoc = line.text.indexOf('<<')
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
      yield [line.text.slice(0, equals), line.text.slice(equals + 1)]
    } else if (heredoc >= 0) {
      const name = line.text.slice(0, heredoc)
      const delimiter = line.text.slice(heredoc + 2)
      if (name === '' || delimiter === '') {
        throw new Error(`Invalid format '${line.text}'. Name must not be empty and delimiter must not be empty`)
      }
      yield [name, reader.until(delimiter)]
    } else {
      throw new Error(`Invalid format '${line.text}'`)
    }
  }
}

type Line = { text: string; ended: boolean }

/** Only \n ends a line here (but on Windows): the \r of a file with CRLF belongs to the value. */
class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  next(): Line | undefined {
    if (this.#at >= this.#text.length) return undefined
    const start = this.#at
    const end = this.#text.indexOf('\n', start)
    this.#at = end < 0 ? this.#text.length : end + 1
    return { text: this.#text.slice(start, end < 0 ? undefined : end), ended: end >= 0 }
  }

  /** The lines up to the delimiter. Whoever can write a line of a value and knows the delimiter can end it early. */
  until(delimiter: string): string {
    const start = this.#at
    let end = start
    for (let line = this.next(); line?.text !== delimiter; line = this.next()) {
      if (line === undefined) throw new Error(`Invalid value. Matching delimiter not found '${delimiter}'`)
      if (!line.ended) throw new Error('Invalid value. EOF marker missing new line.')
      end = this.#at - 1
    }
    return this.#text.slice(start, end)
  }
}
