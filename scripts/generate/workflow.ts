import { outputs } from '../../src/settings/outputs.ts'
import { type Name, names, settingOf } from '../../src/settings/table.ts'
import { described } from './action.ts'
import { indented, scalar } from './yaml.ts'

/** Set by the workflow's own jobs, or without meaning in a workflow. */
const OWN: readonly Name[] = ['command', 'from', 'dry-run']
/** The outputs of which job are the outputs of the workflow. */
const JOB_OF: Partial<Record<keyof typeof outputs, string>> = { plan: 'plan', version: 'plan' }

/** All inputs are strings, and an empty one is not set, so that what stands in Cargo.toml counts through this door too. */
export function workflowInputs(): string {
  const given = names.filter((name) => !OWN.includes(name) && !settingOf(name).secret)
  return indented(
    6,
    given.flatMap((name) => [
      `${name}:`,
      `  description: ${scalar(described(name))}`,
      '  type: string',
      '  required: false',
    ]),
  )
}

export function workflowOutputs(): string {
  return indented(
    6,
    Object.entries(outputs).flatMap(([name, about]) => [
      `${name}:`,
      `  description: ${scalar(about)}`,
      `  value: \${{ jobs.${JOB_OF[name as keyof typeof outputs] ?? 'build'}.outputs.${name} }}`,
    ]),
  )
}

/** The `with:` lines of each job that runs the action: every input of the workflow that its command uses. */
export function workflowSteps(): Record<string, string> {
  return {
    'plan settings': withLines([]),
    'build settings': withLines([]),
    'take settings': withLines(['package', 'artifact', 'features', 'profile']),
  }
}

function withLines(own: readonly Name[]): string {
  const passed = names.filter((name) => !OWN.includes(name) && !own.includes(name) && !settingOf(name).secret)
  return indented(
    10,
    passed.map((name) => `${name}: \${{ inputs.${name} }}`),
  )
}
