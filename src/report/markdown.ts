/** Text that may hold anything, as one cell of a table or one line: it can end neither, and starts no HTML. */
export function inline(text: string): string {
  return text
    .replace(/[\r\n]+/g, ' ')
    .replace(/[\\`*_{}[\]<>#|~]/g, (character) => `\\${character}`)
    .replaceAll('\\<', '&lt;')
    .replaceAll('\\>', '&gt;')
}

/** Several lines of our own kind of sentences in one cell: what stands in backticks is code, addresses can be followed. */
export function prose(text: string): string {
  return text
    .trimEnd()
    .split(/\r\n|\r|\n/)
    .map((line) => indented(line).split(MARKED).map(markedPart).join(''))
    .join('<br>')
}

const MARKED = /(`[^`]+`|https:\/\/[\w.~:/?#@!$&*+,;=%-]+[\w/])/

/** Every second part is one that was found. */
function markedPart(part: string, index: number): string {
  if (index % 2 === 0) return inline(part)
  return part.startsWith('`') ? code(part.slice(1, -1)) : `<${part}>`
}

/** Code and diffs mean something by it, and HTML drops it. */
function indented(line: string): string {
  return line.replace(/^ +/, (blanks) => '\u00a0'.repeat(blanks.length))
}

export function code(text: string): string {
  const line = text.replace(/[\r\n]+/g, ' ').replaceAll('|', '\\|')
  // Longer than any run of backticks inside it.
  const fence = '`'.repeat(1 + Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length)))
  const padding = line.startsWith('`') || line.endsWith('`') ? ' ' : ''
  return `${fence}${padding}${line}${padding}${fence}`
}

export function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return ''
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/** `980 B`, `4.2 MB` */
export function bytes(size: number): string {
  if (size < 1000) return `${size} B`
  const units = ['kB', 'MB', 'GB']
  let value = size / 1000
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`
}
