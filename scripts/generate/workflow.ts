import { type OutputName, outputNames, outputs } from '../../src/settings/outputs.ts'
import { type Name, names, settingOf } from '../../src/settings/table.ts'
import { described } from './action.ts'
import { indented, scalar } from './yaml.ts'

/** Set by the workflow's own jobs, or without meaning in a workflow. */
const OWN: readonly Name[] = ['command', 'from', 'dry-run', 'attest']
/** Paths on a machine that is gone when the workflow has ended. */
const PATHS: readonly OutputName[] = ['binary', 'report']
/** The jobs that know an output, the last word first. */
const JOBS_OF: Partial<Record<OutputName, readonly string[]>> = {
  plan: ['plan'],
  version: ['plan'],
  status: ['take', 'build', 'check', 'plan'],
}

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
    outputNames
      .filter((name) => !PATHS.includes(name))
      .flatMap((name) => [
        `${name}:`,
        `  description: ${scalar(outputs[name])}`,
        `  value: \${{ ${(JOBS_OF[name] ?? ['build']).map((job) => `jobs.${job}.outputs.${name}`).join(' || ')} }}`,
      ]),
  )
}

/** Which settings a job gives itself, or which contradict what it does; it gets every other input of the workflow. */
export const OWN_OF_JOB: Readonly<Record<string, readonly Name[]>> = {
  plan: [],
  check: ['files', 'artifact', 'profile', 'target', 'auditable'],
  // The gates have run in a job of their own, and each job compiles for one target.
  build: ['gates', 'clippy-args', 'test-args', 'test-target', 'target'],
  take: [
    ...(['package', 'artifact', 'features', 'profile', 'files', 'auditable', 'target'] as const),
    ...(['gates', 'clippy-args', 'test-args', 'test-target', 'cache', 'tools-mirror'] as const),
  ],
}

/** The `with:` lines of each job that runs the action. */
export function workflowSteps(): Record<string, string> {
  return Object.fromEntries(Object.entries(OWN_OF_JOB).map(([job, own]) => [`${job} settings`, withLines(own)]))
}

function withLines(own: readonly Name[]): string {
  const passed = names.filter((name) => !OWN.includes(name) && !own.includes(name) && !settingOf(name).secret)
  return indented(
    10,
    passed.map((name) => `${name}: \${{ inputs.${name} }}`),
  )
}
