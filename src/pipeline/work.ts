import type { Uploaded } from '../build/artifact.ts'
import type { Binary } from '../report/binary.ts'
import type { CacheRecord, GateRecord, UnitsRecord } from '../report/report.ts'
import { buildingPipeline } from './building.ts'
import { checkingPipeline } from './checking.ts'
import type { Facts } from './facts.ts'
import type { Pipeline } from './step.ts'
import { takingPipeline } from './taking.ts'

/** What a run has to show, however far it came. */
export type Results = {
  gates: readonly GateRecord[]
  caches: readonly CacheRecord[]
  units: UnitsRecord
  /** What could be better, and is not wrong. */
  advice: readonly string[]
  binaries: readonly Binary[]
  uploaded: readonly Uploaded[]
}

export type Work = { pipeline: Pipeline; results: () => Results }

const none = { compiled: 0, fresh: 0, packages: [] }
const noUnits: UnitsRecord = { cooked: none, dependencies: none, project: none }

export const noResults: Results = { gates: [], caches: [], units: noUnits, advice: [], binaries: [], uploaded: [] }

/** What the command asks for. */
export function workPipeline(facts: Facts): Work {
  const { command, from } = facts.settings
  if (command === 'check') return checkingPipeline(facts)
  return from === '' ? buildingPipeline(facts) : takingPipeline(facts)
}
