import { buildEntries } from '../cache/entries.ts'
import type { DependenciesKey } from '../cache/key.ts'
import { type Restored, restoreCache, type Staged, stageCache } from '../cache/store.ts'
import { type CacheAccess, NO_ANSWER } from './cache-access.ts'
import { dependenciesKeyOf, linkingOf } from './cache-keys.ts'
import { cookPlanOf } from './cooking.ts'
import type { Facts } from './facts.ts'
import type { Linked } from './linking.ts'
import { orWithout } from './or-without.ts'
import { Step, type StepContext } from './step.ts'

/** With the key under which these very dependencies are saved. Without one nothing can be restored, nor saved. */
export type RestoredFor = Restored & { wanted: string | undefined }

type Brought = { staged: Staged; key: DependenciesKey }

/**
 * What earlier runs compiled comes in two steps. All but the last part of its key is known before anything is fetched, so
 * bringing it goes on beside that; whether it fits is known when the linkers are.
 */
export function restoringDependencies(
  facts: Facts,
  linked: () => readonly Linked[],
  { policy, patience, service, staging }: CacheAccess,
): { bring: Step<Brought | undefined>; restore: Step<RestoredFor> } {
  const wholeCache = (context: StepContext, limitMs: number) => ({
    ...{ ...service(context), limitMs, name: 'dependencies' },
    ...{ into: facts.project.buildDirectory, staging: staging('dependencies'), entriesIn: buildEntries },
  })

  const bring: Step<Brought | undefined> = new Step({
    name: 'bring-dependencies',
    title: 'Bring compiled dependencies',
    applies: () => {
      if (patience.isOver) return NO_ANSWER
      return policy.read || policy.why
    },
    plan: () => ['bring what earlier runs compiled of the dependencies'],
    run: async (context) => {
      const key = await orWithout(context.log, () => keyBeforeLinking(facts, context.signal))
      if (key === undefined) return undefined
      const staged = await patience.ask((limitMs) =>
        stageCache({ ...wholeCache(context, limitMs), restoreKeys: key.restoreKeys }),
      )
      return { staged, key }
    },
    isSettled: () => restore.hasRun,
    undo: async (brought) => brought?.staged.drop(),
  })

  const restore: Step<RestoredFor> = new Step({
    name: 'restore-dependencies',
    title: 'Restore dependencies',
    applies: () => {
      if (!bring.hasRun && patience.isOver) return NO_ANSWER
      return policy.read || policy.why
    },
    plan: () => ['use them, if what links and what compiles C is still the same'],
    run: async (context) => {
      if (bring.result === undefined) return { hit: 'none', seconds: 0, wanted: undefined }
      const { staged, key } = bring.result
      const linking = linkingOf(linked())
      const wanted = key.linkedBy(linking)
      if (staged.key === undefined || key.isLinkedBy(linking, staged.key)) {
        const used = await patience.ask((limitMs) =>
          staged.use(wanted, Math.max(limitMs - Math.ceil(staged.seconds * 1000), LEAST_MS)),
        )
        return { ...used, wanted }
      }
      await staged.drop()
      patience.spend(staged.seconds)
      context.log.info(`dependencies: ${staged.key} is left alone, since something else links or compiles C here`)
      const restored = await patience.ask((limitMs) => restoreCache({ ...wholeCache(context, limitMs), key: wanted }))
      return { ...restored, seconds: staged.seconds + restored.seconds, wanted }
    },
  })
  return { bring, restore }
}

/** What is here already is only moved. */
const LEAST_MS = 5000

/** The key for a run that restores nothing. */
export async function keyOfDependencies(facts: Facts, linked: readonly Linked[], signal: AbortSignal): Promise<string> {
  return (await keyBeforeLinking(facts, signal)).linkedBy(linkingOf(linked))
}

function keyBeforeLinking(facts: Facts, signal: AbortSignal): Promise<DependenciesKey> {
  const { settings, targets } = facts
  const built = settings.command === 'check' ? [] : targets.map((target) => ({ target, zigbuild: undefined }))
  return dependenciesKeyOf(facts, cookPlanOf(facts, built), signal)
}
