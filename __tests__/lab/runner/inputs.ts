import type { DeclaredInput } from './manifest.ts'
import { Names } from './names.ts'

export type Inputs = { values: Names; warnings: readonly string[] }

/**
 * What a step is given: its `with:` values, also those that nobody declared, and for the rest the defaults. The runner
 * does not look at `required`: an input that is not set is an empty string.
 */
export function resolveInputs(
  declared: readonly DeclaredInput[],
  given: Readonly<Record<string, string>>,
  context: (expression: string) => string | undefined,
): Inputs {
  const values = new Names(Object.entries(given))
  const warnings: string[] = []
  for (const input of declared) {
    if (input.deprecationMessage !== undefined && values.has(input.name)) {
      warnings.push(`Input '${input.name}' has been deprecated with message: ${input.deprecationMessage}`)
    }
  }
  const known = new Names(declared.map((input) => [input.name, '']))
  const unexpected = Object.keys(given).filter((name) => !known.has(name))
  if (unexpected.length > 0) {
    const valid = declared.map((input) => `'${input.name}'`).join(', ')
    warnings.push(`Unexpected input(s) '${unexpected.join("', '")}', valid inputs are [${valid}]`)
  }
  for (const input of declared) {
    if (!values.has(input.name)) values.set(input.name, evaluate(input.default, context))
  }
  return { values, warnings }
}

/** Spaces become underscores; hyphens stay, so a shell cannot even name most of these variables. */
export function inputVariables(inputs: Names): Record<string, string> {
  return Object.fromEntries(
    [...inputs].map(([name, value]) => [`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`, value]),
  )
}

function evaluate(text: string, context: (expression: string) => string | undefined): string {
  return text.replaceAll(/\$\{\{(.*?)\}\}/gs, (written, expression: string) => {
    const value = context(expression.trim())
    if (value === undefined) throw new Error(`the lab's runner cannot evaluate the default \`${written}\``)
    return value
  })
}
