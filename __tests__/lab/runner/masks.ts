/** Everything that is replaced by *** in what leaves the machine. One for a whole job: a mask is never forgotten. */
export class Masks {
  readonly #values = new Set<string>()
  readonly #forms = new Set<string>()

  /** The values that were asked to be masked, without the forms that follow from them. */
  get values(): readonly string[] {
    return [...this.#values]
  }

  add(value: string): void {
    if (value === '') return
    this.#values.add(value)
    for (const form of [value, ...writtenForms(value)]) if (form !== '') this.#forms.add(form)
  }

  /** The whole and each of its lines, since a program's output is seen line by line. */
  addWithLines(value: string): void {
    this.add(value)
    for (const line of value.split(/[\r\n]/)) this.add(line.trim())
  }

  apply(text: string): string {
    const found = [...this.#forms].flatMap((form) => positions(text, form)).sort((a, b) => a.start - b.start)
    let result = ''
    let at = 0
    for (const { start, end } of merged(found)) {
      result += `${text.slice(at, start)}***`
      at = end
    }
    return result + text.slice(at)
  }
}

type Range = { start: number; end: number }

function positions(text: string, form: string): Range[] {
  const found: Range[] = []
  for (let start = text.indexOf(form); start >= 0; start = text.indexOf(form, start + 1)) {
    found.push({ start, end: start + form.length })
  }
  return found
}

/** Secrets that overlap or touch become one ***, so that their number and lengths say nothing. */
function merged(ranges: readonly Range[]): Range[] {
  const result: Range[] = []
  for (const range of ranges) {
    const last = result.at(-1)
    if (last !== undefined && range.start <= last.end) last.end = Math.max(last.end, range.end)
    else result.push({ ...range })
  }
  return result
}

/** How the same secret looks after the usual ways of writing it down. The runner knows these and no others: no hex. */
function writtenForms(value: string): string[] {
  const bytes = Buffer.from(value, 'utf8')
  return [
    bytes.toString('base64'),
    // In base64 of `user:secret` the secret starts at any of three bit positions.
    bytes.subarray(bytes.length > 1 ? 1 : 0).toString('base64'),
    bytes.subarray(bytes.length > 2 ? 2 : 0).toString('base64'),
    value.replaceAll('"', '\\"'),
    value.replaceAll("'", "''"),
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value.toWellFormed()).replace(
      /[!'()*]/g,
      (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
    ),
    value.replace(/[&<>"']/g, (sign) => XML_ENTITIES.get(sign) ?? sign),
    value.length > 8 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : '',
    ...aroundAmpersand(value).filter((part) => part.length >= 6),
  ]
}

const XML_ENTITIES = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&apos;'],
])

/** PowerShell colours a failing command line at its ampersands and so prints a secret in two pieces. */
function aroundAmpersand(value: string): string[] {
  const coloured = value.indexOf('&+')
  if (coloured >= 0) return [value.slice(0, coloured + 2), value.slice(coloured + 3)]
  const last = value.lastIndexOf('&')
  return last >= 0 ? [value.slice(0, last + 1), value.slice(last + 1)] : []
}
