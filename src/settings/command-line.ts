import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { didYouMean } from '../report/nearest.ts'
import type { Given, Reading } from './reading.ts'
import { isName, type Name, names, settingOf, table } from './table.ts'
import { isGivenToBuilds, PREFIX, variableOf } from './variables.ts'

/** The command line and, weaker, the `RUST_DEPLOY_<NAME>` variables. */
export function readCommandLine(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Reading {
  const typed = readArguments(args)
  const variables = readVariables(environment)
  const overridden = new Set(typed.given.map(({ name }) => name))
  return {
    given: [...typed.given, ...variables.given.filter(({ name }) => !overridden.has(name))],
    problems: [...typed.problems, ...variables.problems],
  }
}

function readArguments(args: readonly string[]): Reading {
  const { values, problems } = readWords(args)
  const given: Given[] = []
  for (const name of new Set(values.map((one) => one.name))) {
    const all = values.filter((one) => one.name === name)
    if (all.length > 1 && settingOf(name).kind !== 'list') {
      problems.push(
        name === 'command'
          ? tooManyCommands(all.map(({ value }) => value))
          : `--${name} is given ${all.length} times, but it takes one value.`,
      )
      continue
    }
    const contents = all.map(({ value }) => contentOf(name, value, `--${name}`))
    for (const content of contents) if ('problem' in content) problems.push(content.problem)
    const value = contents.flatMap((content) => ('value' in content ? [content.value] : [])).join('\n')
    if (value.trim() !== '') given.push({ name, value, origin: name === 'command' ? 'the command' : `--${name}` })
  }
  return { given, problems }
}

/** A command is mostly a word of its own, so nobody may have written `--command`. */
function tooManyCommands(all: readonly string[]): string {
  const [first = '', ...others] = all.map((command) => `\`${command}\``)
  if (others.every((command) => command === first)) {
    return `The command ${first} is given ${all.length} times; once is enough.`
  }
  const count = all.length === 2 ? 'Two' : all.length
  return `${count} commands are given, ${[first, ...others.slice(0, -1)].join(', ')} and ${others.at(-1)}, but a run has one.`
}

type Words = { values: { name: Name; value: string }[]; problems: string[] }

function readWords(args: readonly string[]): Words {
  const values: Words['values'] = []
  const problems: string[] = []
  const options = Object.fromEntries(
    names.map((name) => [name, { type: settingOf(name).kind === 'flag' ? 'boolean' : 'string' } as const]),
  )
  // Not strict: it would stop at the first mistake, and all are to be told.
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true })
  let unknownAt = Number.NaN
  for (const token of tokens) {
    if (token.kind === 'positional') {
      // What follows an unknown option is most likely its value and no command.
      if (token.index === unknownAt + 1) continue
      if ((table.command.choices as readonly string[]).includes(token.value)) {
        values.push({ name: 'command', value: token.value })
      } else
        problems.push(
          `There is no command \`${token.value}\`${didYouMean(token.value, table.command.choices, undefined, `; there is ${table.command.choices.join(', ')}.`)}`,
        )
    } else if (token.kind === 'option') {
      const { name, rawName, value, inlineValue, index } = token
      if (!isName(name)) {
        problems.push(
          `There is no option \`${rawName}\`${didYouMean(name, names, (near) => `--${near}`, '; --help lists them all.')}`,
        )
        if (value === undefined) unknownAt = index
      } else if (settingOf(name).kind === 'flag') {
        values.push({ name, value: value ?? 'true' })
      } else if (value === undefined || (!inlineValue && value.startsWith('--'))) {
        problems.push(`--${name} needs a value.`)
        // The word that was taken for it is the next option.
        const rest = readWords(args.slice(index + 1))
        return { values: [...values, ...rest.values], problems: [...problems, ...rest.problems] }
      } else if (settingOf(name).secret && value !== '' && !/^@[^@]/.test(value)) {
        problems.push(
          `--${name} would show the secret to every user of this machine: set ${variableOf(name)}, or write --${name} @<file>.`,
        )
      } else {
        values.push({ name, value })
      }
    }
  }
  return { values, problems }
}

function readVariables(environment: Readonly<Record<string, string | undefined>>): Reading {
  const given: Given[] = []
  const problems: string[] = []
  for (const [variable, value] of Object.entries(environment)) {
    if (value === undefined || !variable.startsWith(PREFIX) || isGivenToBuilds(variable)) continue
    const name = names.find((known) => variableOf(known) === variable)
    if (name === undefined) {
      const meant = didYouMean(variable.slice(PREFIX.length), names, (near) => (isName(near) ? variableOf(near) : near))
      problems.push(`The environment variable ${variable} names no setting${meant}`)
      continue
    }
    const content = contentOf(name, value, variable)
    if ('problem' in content) problems.push(content.problem)
    else if (content.value.trim() !== '') given.push({ name, value: content.value, origin: variable })
  }
  return { given, problems }
}

/** `@path` is the content of that file, without its last line break; `@@` begins a value that begins with `@`. */
function contentOf(name: Name, value: string, origin: string): { value: string } | { problem: string } {
  if (value.startsWith('@@')) return { value: value.slice(1) }
  if (!value.startsWith('@')) return { value }
  const path = value.slice(1)
  try {
    return { value: readFileSync(path, 'utf8').replace(/\r?\n$/, '') }
  } catch (error) {
    const { code = 'it cannot be read' } = error as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code})`
    // What was meant as a path may be a secret that begins with @.
    const file = settingOf(name).secret ? 'a file' : `the file ${path}`
    return { problem: `${origin} names ${file}, but ${why}. (Write @@ for a value that begins with @.)` }
  }
}
