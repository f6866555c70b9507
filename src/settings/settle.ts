import { textsIn } from '../json/narrow.ts'
import { didYouMean } from '../report/nearest.ts'
import { type Given, standsInCargo } from './reading.ts'
import { type Name, names, type Settings, settingOf, table } from './table.ts'
import { wordsOf } from './words.ts'

export type Origins = Readonly<Record<Name, string>>

/** A setting that is wrong has its default here, so that the others can be looked at too. */
export type Settled = {
  settings: Settings
  origins: Origins
  wrong: ReadonlySet<Name>
  problems: readonly string[]
}

/**
 * Gives every setting its one value from what the sources say, the strongest first, and checks it. Nothing after this
 * reads an input, a default or an environment variable again.
 */
export function settle(given: readonly Given[]): Settled {
  const problems: string[] = []
  const wrong = new Set<Name>()
  const values: Partial<Record<Name, unknown>> = {}
  const origins: Partial<Record<Name, string>> = {}

  for (const name of names) {
    const strongest = given.find((candidate) => candidate.name === name)
    origins[name] = strongest?.origin ?? 'default'
    values[name] = table[name].default
    if (strongest === undefined) continue
    const parsed = parse(strongest)
    if ('value' in parsed) values[name] = parsed.value
    else {
      problems.push(parsed.problem)
      wrong.add(name)
    }
  }
  // The loop has given each name of the table a value of its kind; the compiler cannot see that.
  const settings = values as Settings
  const allOrigins = origins as Origins
  problems.push(...misplaced(settings, allOrigins), ...contradictions(settings, allOrigins))
  return { settings, origins: allOrigins, wrong, problems }
}

/** One value of a given setting before everything is settled: what is needed to find the project at all. */
export function early(given: readonly Given[], name: Name): string {
  const value = given.find((candidate) => candidate.name === name)?.value
  return typeof value === 'string' ? value.trim() : String(table[name].default)
}

/** The same for a list; one of the wrong kind is empty here, and reported when everything is settled. */
export function earlyList(given: readonly Given[], name: Name): readonly string[] {
  const strongest = given.find((candidate) => candidate.name === name)
  const parsed = strongest && parse(strongest)
  return parsed !== undefined && 'value' in parsed && Array.isArray(parsed.value) ? parsed.value : []
}

/** They have no place in a name, a path or a token. */
const CONTROL = /[\x00-\x1f\x7f]/

function parse({ name, value, origin }: Given): { value: unknown } | { problem: string } {
  const { kind, choices = [], secret } = settingOf(name)
  const shown = secret ? 'this value' : `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``
  const subject = standsInCargo(origin) ? `\`${name}\` in ${origin}` : origin
  const wrong = (expected: string) => ({ problem: `${subject} must be ${expected}, but it is ${shown}.` })

  switch (kind) {
    case 'text':
    case 'path':
      if (typeof value !== 'string') return wrong('text')
      // A line break has no place in a name, a path or a token, and in a log it could begin a workflow command.
      return CONTROL.test(value.trim()) ? wrong('one line') : { value: value.trim() }
    case 'flag': {
      const word = String(value).trim().toLowerCase()
      return word === 'true' || word === 'false' ? { value: word === 'true' } : wrong('`true` or `false`')
    }
    case 'choice': {
      const word = String(value).trim()
      return choices.includes(word) ? { value: word } : wrong(`one of ${choices.join(', ')}`)
    }
    case 'words': {
      const words = typeof value === 'string' ? wordsOf(value) : textsIn(value)
      if (words === undefined) return wrong('words whose quotes are closed')
      if (typeof value !== 'string' && (!Array.isArray(value) || words.length < value.length))
        return wrong('a list of texts')
      if (words.some((word) => CONTROL.test(word))) return wrong('words without control characters')
      return { value: words.length === 1 && words[0] === 'none' ? [] : words }
    }
    case 'list': {
      const items = Array.isArray(value) ? value : String(value).split(/[,\n]/)
      if (!items.every((item) => typeof item === 'string') || (typeof value !== 'string' && !Array.isArray(value))) {
        return wrong('a list of texts')
      }
      const trimmed = items.map((item) => item.trim()).filter((item) => item !== '')
      if (trimmed.some((item) => CONTROL.test(item))) return wrong('a list of texts without control characters')
      if (trimmed.length > 0 && new Set(trimmed).size === 1 && trimmed[0] === 'none') return { value: [] }
      const stray = choices.length === 0 ? undefined : trimmed.find((item) => !choices.includes(item))
      if (stray !== undefined) return { problem: `${subject} names \`${stray}\`${whyNone(stray, trimmed, choices)}` }
      // `clippy` and `clippy:warn` are the same thing, done in two ways.
      const other = trimmed.find((item) => item.includes(':') && trimmed.includes(plainName(item)))
      if (other !== undefined && choices.length > 0) return wrong(`\`${plainName(other)}\` or \`${other}\`, not both`)
      return { value: [...new Set(trimmed)] }
    }
  }
}

/** The end of the sentence that names an item which is none of the choices. */
function whyNone(stray: string, items: readonly string[], choices: readonly string[]): string {
  if (stray === 'none') {
    const others = items.filter((item) => item !== 'none')
    return ` beside ${others.join(', ')}, but \`none\` stands alone: leave out one or the other.`
  }
  const name = plainName(stray)
  const way = stray.slice(name.length)
  const able = way === '' ? [] : choices.filter((choice) => choice.endsWith(way)).map(plainName)
  if (choices.includes(name) && able.length > 0)
    return `, but \`${name}\` cannot be \`${way}\`; ${able.join(', ')} can.`
  return didYouMean(stray, choices, undefined, `; there is ${choices.join(', ')}.`)
}

function plainName(item: string): string {
  return item.split(':', 1)[0] ?? item
}

/** What was given through a door for a command that would ignore it. In Cargo.toml it may stand for other runs. */
function misplaced(settings: Settings, origins: Origins): string[] {
  return names.flatMap((name) => {
    const { commands } = settingOf(name)
    const origin = origins[name]
    if (commands === undefined || commands.includes(settings.command)) return []
    if (origin === 'default' || standsInCargo(origin)) return []
    return [`${origin} has no meaning for the command \`${settings.command}\`; it belongs to ${commands.join(', ')}.`]
  })
}

/** What is said of compiling by a door, when nothing is compiled. In Cargo.toml it may stand for other runs. */
function contradictions(settings: Settings, origins: Origins): string[] {
  if (settings.from === '') return []
  const compiling = WITHOUT_FROM.filter((name) => origins[name] !== 'default' && !standsInCargo(origins[name]))
  return compiling.map(
    (name) =>
      `${origins[name]} contradicts ${origins.from}: with \`from\` nothing is checked, compiled or uploaded. Leave one of them out.`,
  )
}

const WITHOUT_FROM = [
  ...(['features', 'profile', 'files', 'auditable', 'artifact', 'cargo-git-token'] as const),
  ...(['gates', 'clippy-args', 'test-args', 'test-target', 'cache', 'tools-mirror'] as const),
]
