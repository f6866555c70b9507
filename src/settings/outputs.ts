/** The one table of outputs, of the step and of the reusable workflow. */
export const outputs = {
  status: '`planned`, `checked`, `built`, `failed` or `refused`.',
  version: 'The version of the package; absent when there are several that differ.',
  binaries: 'JSON: package, version, name, target, path, size and sha256 of each binary.',
  binary: 'The path of the binary, when there is one.',
  sha256: 'Its SHA-256 digest, when there is one binary.',
  'artifact-id': 'The id of the uploaded artifact, when there is one.',
  plan: 'JSON: what a run would do (packages, builds, artifacts, settings and where each comes from).',
  report: 'The path of report.json: every step with its time, every finding, every binary.',
} as const

export type OutputName = keyof typeof outputs

export const outputNames = Object.keys(outputs) as readonly OutputName[]

export type Outputs = Partial<Record<OutputName, string>>
