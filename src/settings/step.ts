import { didYouMean } from '../report/nearest.ts'
import type { Given, Reading } from './reading.ts'
import { isName, names } from './table.ts'
import { isGivenToBuilds, variableOf } from './variables.ts'

const PREFIX = 'INPUT_'

/** The inputs of a step. The runner passes each declared one, an unset one as an empty value. */
export function readStep(environment: Readonly<Record<string, string | undefined>>): Reading {
  const given: Given[] = []
  const problems: string[] = []
  for (const [variable, value] of Object.entries(environment)) {
    if (value === undefined) continue
    if (variable.startsWith(PREFIX)) {
      const name = variable.slice(PREFIX.length).toLowerCase()
      if (!isName(name)) problems.push(`There is no input \`${name}\`${didYouMean(name, names)}`)
      else if (value.trim() !== '') given.push({ name, value, origin: `input ${name}` })
    }
    const setting = names.find((name) => variableOf(name) === variable)
    if (setting !== undefined && !isGivenToBuilds(variable)) {
      problems.push(`${variable} is read by the command line only; give the step the input \`${setting}\` instead.`)
    }
  }
  return { given, problems }
}
