import { cacheSteps } from './caching.ts'
import { CompiledUnits, unitsRecord } from './compiled.ts'
import type { Facts } from './facts.ts'
import { fetchStep } from './fetching.ts'
import { gateSteps } from './gating.ts'
import { partsStep } from './parts.ts'
import { besideEachOther } from './step.ts'
import { noResults, type Work } from './work.ts'

/** The gates alone. */
export function checkingPipeline(facts: Facts): Work {
  const compiled = new CompiledUnits(facts.lock)
  const gates = gateSteps(facts, { compiled, explains: () => caches.isExact() })
  const caches = cacheSteps(facts, () => [])
  return {
    pipeline: [
      besideEachOther([partsStep(facts)], caches.restoringHome),
      besideEachOther([fetchStep(facts)], caches.bringingDependencies),
      caches.restoreDependencies,
      besideEachOther([...caches.saving, ...gates.compiling], ...gates.quick.map((gate) => [gate])),
      ...caches.verifying(compiled),
    ],
    results: () => ({
      ...noResults,
      gates: gates.records(),
      caches: caches.records(),
      units: unitsRecord(caches.cooked(), compiled.units),
    }),
  }
}
