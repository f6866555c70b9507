/**
 * The grammar of `service-env` and `service-secrets`, in which programs differ; so what they read differently is refused
 * where it would be misread silently, and everything else is what most of them do:
 *
 *     # a comment
 *     NAME=value # another: `#` begins one after a blank
 *     export NAME = value
 *     NAME='as it stands, over several lines too'
 *     NAME="the same, with \n \t \" \\ \$ and \`"
 *
 * Nothing is put in for `$NAME`, which is text: secrets have dollars in them. `${NAME}` is hardly ever meant as text, so
 * it is an error outside single quotes.
 */
export type Variable = { readonly name: string; readonly value: string }

/** One assignment, as far as it can be read. Texts of `wrong` hold nothing of what they are about. */
export type Statement = {
  /** Where it begins, from 1. */
  line: number
  name: string | undefined
  value: string
  /** What is wrong, as the end of a sentence. */
  wrong: string | undefined
  /** The text is over before the value: nothing is known of what follows. */
  isCut: boolean
}

type Value = {
  value: string
  /** Where the next line begins. */
  next: number
  wrong?: string | undefined
  isCut?: true
}

export function statementsIn(input: string): Statement[] {
  const text = input.replaceAll(/\r\n?/g, '\n')
  const statements: Statement[] = []
  for (let at = 0, line = 1; at < text.length; ) {
    const end = endOfLine(text, at)
    // A byte order mark is white space here, too.
    const content = text.slice(at, end).trim()
    let next = end + 1
    if (content !== '' && !content.startsWith('#')) {
      const { name, value, wrong, isCut = false, next: behind } = readAssignment(text, at, end)
      statements.push({ line, name, value, wrong, isCut })
      next = behind
    }
    line += linesBetween(text, at, next)
    at = next
  }
  return statements
}

function readAssignment(text: string, at: number, end: number): Value & { name: string | undefined } {
  const line = text.slice(at, end)
  const equals = line.indexOf('=')
  if (equals < 0) return { name: undefined, value: '', next: end + 1, wrong: NO_ASSIGNMENT }
  const name = line
    .slice(0, equals)
    .trim()
    .replace(/^export[ \t]+/, '')
  const value = readValue(text, pastBlanks(text, at + equals + 1))
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return { name, ...value }
  return { ...value, name: undefined, wrong: NO_NAME }
}

function readValue(text: string, at: number): Value {
  if (text[at] === "'") return readSingleQuoted(text, at)
  if (text[at] === '"') return readDoubleQuoted(text, at)
  return readUnquoted(text, at)
}

function readUnquoted(text: string, at: number): Value {
  const end = endOfLine(text, at)
  const line = text.slice(at, end)
  // The blanks before it are passed over already: this is no value that begins with `#`, unless it follows the `=`.
  const comment = line.startsWith('#') && text[at - 1] !== '=' ? 0 : line.search(/[ \t]#/)
  const value = withoutBlanksAtEnd(comment < 0 ? line : line.slice(0, comment))
  const next = end + 1
  if (value.startsWith('`')) return { value, next, wrong: BACKTICK }
  if (isKeyWithoutQuotes(value)) return { ...pastKey(text, next), wrong: NO_QUOTES }
  return { value, next, wrong: /\$\{[A-Za-z_]/.test(value) ? REFERENCE : undefined }
}

function readSingleQuoted(text: string, at: number): Value {
  const close = text.indexOf("'", at + 1)
  if (close < 0) return { value: '', next: text.length, wrong: OPEN_QUOTE, isCut: true }
  return closed(text, close, text.slice(at + 1, close))
}

const ESCAPES: ReadonlyMap<string | undefined, string> = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['"', '"'],
  ['\\', '\\'],
  ['$', '$'],
  ['`', '`'],
])

function readDoubleQuoted(text: string, open: number): Value {
  let value = ''
  let wrong: string | undefined
  for (let at = open + 1; at < text.length; at++) {
    const character = text[at]
    if (character === '"') return closed(text, at, value, wrong)
    if (character === '\\') {
      at += 1
      const meant = ESCAPES.get(text[at])
      if (meant === undefined) wrong ??= UNKNOWN_ESCAPE
      else value += meant
    } else {
      if (character === '$' && /^\{[A-Za-z_]/.test(text.slice(at + 1, at + 3))) wrong ??= REFERENCE
      value += character
    }
  }
  return { value: '', next: text.length, wrong: OPEN_QUOTE, isCut: true }
}

/** Behind the closing quote there is nothing, or a comment. */
function closed(text: string, close: number, value: string, wrong?: string): Value {
  const end = endOfLine(text, close)
  const rest = text.slice(close + 1, end)
  const isClean = /^[ \t]*$|^[ \t]+#/.test(rest)
  return { value, next: end + 1, wrong: isClean ? wrong : BEHIND_QUOTE }
}

/** The most usual value of several lines; what follows of it is no statement, and is not complained of line by line. */
function isKeyWithoutQuotes(value: string): boolean {
  return value.startsWith('-----BEGIN ') && !value.includes('-----END ')
}

function pastKey(text: string, at: number): Value {
  const last = text.indexOf('-----END ', at)
  if (last < 0) return { value: '', next: text.length, isCut: true }
  return { value: '', next: endOfLine(text, last) + 1 }
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end < 0 ? text.length : end
}

function pastBlanks(text: string, from: number): number {
  let at = from
  while (text[at] === ' ' || text[at] === '\t') at += 1
  return at
}

/** Not a pattern, which would take for ever over a million blanks. */
function withoutBlanksAtEnd(text: string): string {
  let end = text.length
  while (text[end - 1] === ' ' || text[end - 1] === '\t') end -= 1
  return text.slice(0, end)
}

function linesBetween(text: string, from: number, to: number): number {
  return text.slice(from, to).split('\n').length - 1
}

const NO_ASSIGNMENT = 'is not `NAME=value`: a value of several lines stands in quotes.'
const NO_NAME = 'has a name that cannot be one: letters, digits and `_`, the first no digit.'
const OPEN_QUOTE = 'opens a quote that is not closed: close it, or put a value with a quote in it into the other kind.'
const BEHIND_QUOTE =
  'has something behind its closing quote: only a comment after a blank can be there. Within double quotes write `\\"` for a quote.'
const UNKNOWN_ESCAPE =
  'has a backslash in double quotes before something else than `n`, `t`, `"`, `\\`, `$` or a backtick: write `\\\\` for a backslash, or put the value into single quotes.'
const REFERENCE =
  'refers to another variable with `$` and braces, and nothing is put in for that: write the value out, or put it into single quotes if it is meant as it stands.'
const BACKTICK =
  'has a value that begins with a backtick, which some programs take for a quote and others do not: put the value into single quotes.'
const NO_QUOTES = 'begins a key of several lines without quotes: put all of it into single quotes.'
