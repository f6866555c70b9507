import { defaultOf } from '../../src/settings/help.ts'
import { outputs } from '../../src/settings/outputs.ts'
import { names, settingOf } from '../../src/settings/table.ts'
import { indented, scalar } from './yaml.ts'

/**
 * The inputs of the step. But for a token none has a `default:`, since the runner would always send it and Cargo.toml
 * could never win; the description names the default instead.
 */
export function actionInputs(): string {
  return indented(
    2,
    names.flatMap((name) => {
      const { stepDefault } = settingOf(name)
      return [
        `${name}:`,
        `  description: ${scalar(described(name))}`,
        ...(stepDefault === undefined ? [] : [`  default: \${{ ${stepDefault} }}`]),
      ]
    }),
  )
}

export function actionOutputs(): string {
  return indented(
    2,
    Object.entries(outputs).flatMap(([name, about]) => [`${name}:`, `  description: ${scalar(about)}`]),
  )
}

export function described(name: (typeof names)[number]): string {
  return [settingOf(name).about, defaultOf(name)].filter((part) => part !== '').join(' ')
}
