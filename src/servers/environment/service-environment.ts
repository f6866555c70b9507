import { Refused } from '../../report/ending.ts'
import { type Statement, statementsIn, type Variable } from './dotenv.ts'
import { untakeableBySystemd } from './environment-file.ts'

export type { Variable }

export type ServiceEnvironment = {
  variables: readonly Variable[]
  /** Sentences about what is right, but perhaps not meant. */
  notes: readonly string[]
}

const MOST_CHARACTERS = 1_000_000
const MOST_PROBLEMS = 20

/**
 * The environment of the service. A secret stands in for a variable of the same name, as where a file of the project has
 * a value for development. Refused with everything that is wrong with both, and nothing of any value in it.
 */
export function readServiceEnvironment({ env, secrets }: { env: string; secrets: string }): ServiceEnvironment {
  const plain = readVariables(env, 'service-env')
  const secret = readVariables(secrets, 'service-secrets')
  const problems = [...plain.problems, ...secret.problems]
  const all = new Map([...plain.variables, ...secret.variables].map((variable) => [variable.name, variable]))
  const variables = [...all.values()]
  // A line of a key can look like a name: names are told only where every line was understood.
  if (problems.length === 0) problems.push(...untakeableBySystemd(variables))
  if (problems.length > 0) throw new Refused(problems)

  const names = new Set(plain.variables.map(({ name }) => name))
  const notes = secret.variables
    .filter(({ name }) => names.has(name))
    .map(({ name }) => `\`${name}\` is in \`service-env\` and in \`service-secrets\`: the service gets the secret.`)
  return { variables, notes }
}

function readVariables(text: string, setting: string): { variables: Variable[]; problems: string[] } {
  if (text.length > MOST_CHARACTERS) return { variables: [], problems: [tooLarge(setting)] }
  const variables: Variable[] = []
  const problems: string[] = []
  const lines = new Map<string, number>()
  for (const { line, name, value, wrong } of statementsIn(text)) {
    const earlier = name === undefined ? undefined : lines.get(name)
    if (name === undefined || wrong !== undefined) problems.push(problemIn(setting, line, wrong))
    else if (earlier === undefined) variables.push({ name, value })
    else problems.push(problemIn(setting, line, `sets what line ${earlier} sets already: take one of them out.`))
    if (name !== undefined && earlier === undefined) lines.set(name, line)
  }
  return { variables, problems: firstOf(problems, setting) }
}

/**
 * Which names of an example file (`.env.example`) the environment lacks. All of its lines count, whatever value they
 * have there, since nothing tells a default from an example; a name that may be missing stands in a comment. An empty
 * value is as good as none: that is what a workflow makes of a secret that does not exist.
 */
export function missingNames(example: string, variables: readonly Variable[]): string[] {
  if (example.length > MOST_CHARACTERS) throw new Refused(tooLarge('env-example'))
  const statements = statementsIn(example)
  const unreadable = statements.filter(hidesNames).map(({ line, wrong }) => problemIn('env-example', line, wrong))
  if (unreadable.length > 0) throw new Refused(firstOf(unreadable, 'env-example'))
  const there = new Set(variables.filter(({ value }) => value !== '').map(({ name }) => name))
  const wanted = new Set(statements.flatMap(({ name }) => (name === undefined ? [] : [name])))
  return [...wanted].filter((name) => !there.has(name))
}

/** What is wrong with values of an example is nobody's concern. */
function hidesNames({ name, isCut }: Statement): boolean {
  return name === undefined || isCut
}

function problemIn(setting: string, line: number, wrong: string | undefined): string {
  return `Line ${line} of \`${setting}\` ${wrong}`
}

function tooLarge(setting: string): string {
  return `\`${setting}\` is too large: it may have a million characters. Let the service read so much from a file.`
}

function firstOf(problems: readonly string[], setting: string): string[] {
  const more = problems.length - MOST_PROBLEMS
  if (more <= 0) return [...problems]
  return [...problems.slice(0, MOST_PROBLEMS), `${more} more lines of \`${setting}\` cannot be read.`]
}
