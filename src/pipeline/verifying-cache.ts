import { selfCheck } from '../cache/self-check.ts'
import { type CompiledUnits, dependenciesIn } from './compiled.ts'
import { Step } from './step.ts'

/** Whether a cache that was found spared what it promised; one that does not would cost every run unseen. */
export function verifyCacheStep(isExact: () => boolean, compiled: CompiledUnits): Step<void> {
  return new Step<void>({
    name: 'verify-cache',
    title: 'Verify the cache',
    applies: () => isExact() || 'no cache was found under its exact key',
    plan: () => ['count what was compiled although the cache has it'],
    run: async ({ log }) => {
      const { units, reasons } = compiled
      const finding = selfCheck({ hit: 'exact', units, stderr: reasons })
      if (finding !== undefined) return log.finding(finding)
      log.info(`${dependenciesIn(units).length} units of dependencies, all out of the cache`)
    },
  })
}
