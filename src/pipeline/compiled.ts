import { builtOnProject, type LockFile } from '../cache/lock-file.ts'
import { type CacheUnit, readCacheUnit } from '../cache/units.ts'
import type { UnitCounts, UnitsRecord } from '../report/report.ts'

/** No project has as many units; a procedural macro that prints cargo's messages could. */
const MOST = 200_000

/** What cargo said of its units in all the calls of a run: the proof of what a cache spared. */
export class CompiledUnits {
  readonly units: CacheUnit[] = []
  /** Why cargo compiled what was there already, in its own words. */
  readonly reasons: string[] = []
  readonly #tied: ReadonlySet<string>

  constructor(lock: LockFile) {
    this.#tied = builtOnProject(lock)
  }

  takeMessage(line: string): void {
    const unit = this.units.length < MOST ? readCacheUnit(line, this.#tied) : undefined
    if (unit !== undefined) this.units.push(unit)
  }

  takeReason(line: string): void {
    if (this.reasons.length < MOST) this.reasons.push(line)
  }
}

export function dependenciesIn(units: readonly CacheUnit[]): CacheUnit[] {
  return units.filter(({ isLocal }) => !isLocal)
}

export function unitsRecord(cooked: readonly CacheUnit[], compiled: readonly CacheUnit[]): UnitsRecord {
  return {
    cooked: countsOf(dependenciesIn(cooked)),
    dependencies: countsOf(dependenciesIn(compiled)),
    project: countsOf(compiled.filter(({ isLocal }) => isLocal)),
  }
}

function countsOf(units: readonly CacheUnit[]): UnitCounts {
  const compiled = units.filter(({ fresh }) => !fresh)
  const packages = [...new Set(compiled.map(({ name }) => name))].sort()
  return { compiled: compiled.length, fresh: units.length - compiled.length, packages }
}
