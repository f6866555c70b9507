import type { Binary } from './binary.ts'
import type { Finding } from './finding.ts'
import type { StepRecord } from './record.ts'

export type Status = 'planned' | 'built' | 'failed' | 'refused'

/** report.json. Its schema is published in docs/report.schema.json. */
export type Report = {
  schema: 1
  status: Status
  command: string
  environment: string
  began: string
  seconds: number
  /** Why it failed or was refused. */
  problems: readonly string[]
  commit?: { sha: string; branch?: string; tags: readonly string[]; dirty: readonly string[] }
  packages: readonly { name: string; version: string }[]
  toolchain?: { rustc: string; host: string }
  steps: readonly StepRecord[]
  findings: readonly Finding[]
  binaries: readonly Binary[]
  artifacts: readonly { name: string; id: number; bytes: number }[]
}

export const reportSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'rust-deploy report',
  description: 'What one run of rust-deploy did: every step with its time, every finding, every binary.',
  ...object(
    {
      schema: { const: 1 },
      status: { enum: ['planned', 'built', 'failed', 'refused'] },
      command: text(),
      environment: text('Empty when none was named.'),
      began: { type: 'string', description: 'ISO 8601, UTC.' },
      seconds: number(),
      problems: list(text(), 'Why it failed or was refused.'),
      commit: object({ sha: text(), branch: text(), tags: list(text()), dirty: list(text()) }, ['branch']),
      packages: list(object({ name: text(), version: text() })),
      toolchain: object({ rustc: text(), host: text() }),
      steps: list(
        object(
          {
            name: text(),
            title: text(),
            state: { enum: ['done', 'planned', 'skipped', 'failed', 'cancelled', 'not-reached'] },
            startedAt: number('Milliseconds since the run began.'),
            seconds: number(),
            reason: text('Why it was skipped, or what it failed with.'),
            undo: { enum: ['done', 'failed'] },
          },
          ['reason', 'undo'],
        ),
      ),
      findings: list(
        object(
          {
            level: { enum: ['error', 'warning', 'notice'] },
            title: text(),
            message: text(),
            place: object({ file: text(), line: number(), endLine: number(), column: number() }, [
              'line',
              'endLine',
              'column',
            ]),
          },
          ['place'],
        ),
      ),
      binaries: list(
        object(
          {
            package: text(),
            version: text(),
            name: text(),
            target: text(),
            path: text(),
            size: number('Bytes.'),
            sha256: { type: 'string', pattern: '^[0-9a-f]{64}$' },
          },
          ['target'],
        ),
      ),
      artifacts: list(object({ name: text(), id: number(), bytes: number() })),
    },
    ['commit', 'toolchain'],
  ),
}

function object(properties: Record<string, object>, optional: readonly string[] = []): object {
  const required = Object.keys(properties).filter((name) => !optional.includes(name))
  return { type: 'object', properties, required, additionalProperties: false }
}

function list(items: object, description?: string): object {
  return { type: 'array', items, ...(description && { description }) }
}

function text(description?: string): object {
  return { type: 'string', ...(description && { description }) }
}

function number(description?: string): object {
  return { type: 'number', ...(description && { description }) }
}
