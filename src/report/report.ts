import type { Binary } from './binary.ts'
import type { Finding } from './finding.ts'
import type { StepRecord } from './record.ts'

export type Status = 'planned' | 'checked' | 'built' | 'failed' | 'refused'

export type GateRecord = {
  gate: string
  passed: boolean
  errors: number
  warnings: number
  said: string
  junit?: string
}

export type CacheRecord = {
  name: string
  hit: 'exact' | 'prefix' | 'none' | 'off'
  key?: string
  /** Why it was off, or not restored. */
  why?: string
  restoredBytes?: number
  restoreSeconds?: number
  savedBytes?: number
  saveSeconds?: number
}

/** What cargo compiled and what it found compiled, in units as it counts them, with the packages of the former. */
export type UnitCounts = { compiled: number; fresh: number; packages: readonly string[] }

export type UnitsRecord = {
  /** Of dependencies, while they were compiled ahead for the cache. */
  cooked: UnitCounts
  /** Of dependencies and of the project, in the gates and the builds after that. */
  dependencies: UnitCounts
  project: UnitCounts
}

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
  /** Where the commit can be looked at. */
  repository?: string
  packages: readonly { name: string; version: string }[]
  toolchain?: { rustc: string; host: string }
  steps: readonly StepRecord[]
  findings: readonly Finding[]
  gates: readonly GateRecord[]
  caches: readonly CacheRecord[]
  units: UnitsRecord
  /** What could be better, and is not wrong. */
  advice: readonly string[]
  binaries: readonly Binary[]
  artifacts: readonly { name: string; id: number; bytes: number }[]
}

const unitCounts = object({ compiled: number(), fresh: number(), packages: list(text(), 'Those that were compiled.') })

export const reportSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'rust-deploy report',
  description: 'What one run of rust-deploy did: every step with its time, every finding, every binary.',
  ...object(
    {
      schema: { const: 1 },
      status: { enum: ['planned', 'checked', 'built', 'failed', 'refused'] },
      command: text(),
      environment: text('Empty when none was named.'),
      began: { type: 'string', description: 'ISO 8601, UTC.' },
      seconds: number(),
      problems: list(text(), 'Why it failed or was refused.'),
      commit: object({ sha: text(), branch: text(), tags: list(text()), dirty: list(text()) }, ['branch']),
      repository: text('Where the commit can be looked at.'),
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
      gates: list(
        object(
          {
            gate: text(),
            passed: flag(),
            errors: number(),
            warnings: number(),
            said: text(),
            junit: text('Where the report of the tests in JUnit format is, if nextest ran them.'),
          },
          ['junit'],
        ),
      ),
      caches: list(
        object(
          {
            name: text(),
            hit: { enum: ['exact', 'prefix', 'none', 'off'] },
            key: text(),
            why: text('Why it was off, or not restored.'),
            restoredBytes: number(),
            restoreSeconds: number(),
            savedBytes: number(),
            saveSeconds: number(),
          },
          ['key', 'why', 'restoredBytes', 'restoreSeconds', 'savedBytes', 'saveSeconds'],
        ),
      ),
      units: object({ cooked: unitCounts, dependencies: unitCounts, project: unitCounts }),
      advice: list(text(), 'What could be better, and is not wrong.'),
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
            proof: object(
              {
                said: text('What the headers of the binary say, in one line.'),
                static: flag(),
                stripped: flag(),
                minGlibc: text('The oldest glibc that it starts with.'),
                needed: list(text(), 'The libraries that it must find where it runs.'),
                buildId: text(),
                leaks: number('How many paths of the building machine stand in it.'),
                sections: list(object({ name: text(), size: number() }), 'The ten largest.'),
              },
              ['static', 'stripped', 'minGlibc', 'needed', 'buildId', 'leaks', 'sections'],
            ),
          },
          ['target', 'proof'],
        ),
      ),
      artifacts: list(object({ name: text(), id: number(), bytes: number() })),
    },
    ['commit', 'repository', 'toolchain'],
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

function flag(): object {
  return { type: 'boolean' }
}

function number(description?: string): object {
  return { type: 'number', ...(description && { description }) }
}
