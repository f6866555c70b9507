import { Names } from './names.ts'

export type WorkflowCommand = { name: string; properties: Names; data: string }

type Escape = readonly [written: string, meant: string]

// The order matters: %25 comes last, so that "%250A" is the text "%0A" and not a line end.
const LINE_ENDS: readonly Escape[] = [
  ['%0D', '\r'],
  ['%0A', '\n'],
]
const PERCENT: Escape = ['%25', '%']
const IN_DATA = [...LINE_ENDS, PERCENT]
const IN_PROPERTY: readonly Escape[] = [...LINE_ENDS, ['%3A', ':'], ['%2C', ','], PERCENT]
const IN_OLD_FORM: readonly Escape[] = [['%3B', ';'], ...LINE_ENDS, ['%5D', ']'], PERCENT]

/**
 * Reads a line as a command if it is one: `::name key=value,…::data` at its start, or the old `##[name key=value;…]data`
 * anywhere in it. Only a registered name makes a command; everything else is text.
 */
export function parseCommand(line: string, isRegistered: (name: string) => boolean): WorkflowCommand | undefined {
  return parseNewForm(line.trimStart(), isRegistered) ?? parseOldForm(line, isRegistered)
}

function parseNewForm(line: string, isRegistered: (name: string) => boolean): WorkflowCommand | undefined {
  if (!line.startsWith('::')) return undefined
  const end = line.indexOf('::', 2)
  if (end < 0) return undefined
  const { name, rest } = splitHead(line.slice(2, end))
  if (!isRegistered(name)) return undefined
  return {
    name,
    properties: parseProperties(rest.trim(), ',', IN_PROPERTY),
    data: unescaped(line.slice(end + 2), IN_DATA),
  }
}

function parseOldForm(line: string, isRegistered: (name: string) => boolean): WorkflowCommand | undefined {
  const start = line.indexOf('##[')
  const end = start < 0 ? -1 : line.indexOf(']', start)
  if (end < 0) return undefined
  const { name, rest } = splitHead(line.slice(start + 3, end))
  if (!isRegistered(name)) return undefined
  return {
    name,
    properties: parseProperties(rest, ';', IN_OLD_FORM),
    data: unescaped(line.slice(end + 1), IN_OLD_FORM),
  }
}

function splitHead(head: string): { name: string; rest: string } {
  const space = head.indexOf(' ')
  return space < 0 ? { name: head, rest: '' } : { name: head.slice(0, space), rest: head.slice(space + 1) }
}

function parseProperties(text: string, separator: string, escapes: readonly Escape[]): Names {
  const properties = new Names()
  for (const written of text.split(separator)) {
    // A property without a name or without a value is dropped, and several `=` count as one.
    const [, name, value] = /^=*([^=]+)=+([^=].*)$/s.exec(written) ?? []
    if (name !== undefined && value !== undefined) properties.set(name, unescaped(value, escapes))
  }
  return properties
}

function unescaped(text: string, escapes: readonly Escape[]): string {
  return escapes.reduce((result, [written, meant]) => result.replaceAll(written, meant), text)
}
