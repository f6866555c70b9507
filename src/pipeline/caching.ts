import type { Entry } from '../cache/entries.ts'
import { homeEntries, proveHome } from '../cache/home.ts'
import { partialKey } from '../cache/key.ts'
import { findLocalPackages } from '../cache/local-packages.ts'
import type { CachePolicy } from '../cache/policy.ts'
import { type Cooked, runCook } from '../cache/run-cook.ts'
import { type Restored, restoreCache, type Saved, saveCache } from '../cache/store.ts'
import { sweep } from '../cache/sweep.ts'
import type { CacheUnit } from '../cache/units.ts'
import { runTool } from '../process/tool.ts'
import type { CacheRecord } from '../report/report.ts'
import { cacheAccess, NO_ANSWER } from './cache-access.ts'
import { homeKeyOf } from './cache-keys.ts'
import type { CompiledUnits } from './compiled.ts'
import { cookingOf } from './cooking.ts'
import type { Facts } from './facts.ts'
import { homesOf } from './homes.ts'
import type { Linked } from './linking.ts'
import { orWithout } from './or-without.ts'
import { keyOfDependencies, type RestoredFor, restoringDependencies } from './restoring.ts'
import { Step } from './step.ts'
import { verifyCacheStep } from './verifying-cache.ts'

export type CacheSteps = {
  /** Before the fetch: what was downloaded in earlier runs. */
  restoringHome: readonly Step[]
  /** Beside fetching and linking: brings what was compiled in earlier runs, and lays it apart. */
  bringingDependencies: readonly Step[]
  /** When it is known how everything is compiled: puts that in its place, if it fits. */
  restoreDependencies: Step<RestoredFor>
  /** Compiling the dependencies by themselves, and saving them: before any gate, so that a red test never costs it. */
  saving: readonly Step[]
  /** At the end: whether a cache that was found spared what it promised. */
  verifying: (compiled: CompiledUnits) => readonly Step[]
  /** Whether the dependencies were found under their very key: then none of them is compiled in this run. */
  isExact: () => boolean
  records: () => readonly CacheRecord[]
  /** What cargo had to do with the dependencies when they were compiled by themselves. */
  cooked: () => readonly CacheUnit[]
}

type Saves = { home: Saved | undefined; dependencies: Saved | undefined }

/** The two caches: cargo's home, and what it compiled of packages from elsewhere. */
export function cacheSteps(facts: Facts, linked: () => readonly Linked[]): CacheSteps {
  const access = cacheAccess(facts)
  const { policy, patience, service, staging } = access
  const { project, lock, environment, surroundings } = facts
  const { buildDirectory, directory } = project
  const { CARGO_HOME } = homesOf(facts)

  const restoreHome = new Step<Restored>({
    name: 'restore-home',
    title: "Restore cargo's home",
    applies: () => policy.read || policy.why,
    plan: () => ['restore what earlier runs downloaded'],
    run: (context) =>
      patience.ask((limitMs) =>
        restoreCache({
          ...service(context),
          ...homeKeyOf(facts),
          limitMs,
          name: "cargo's home",
          into: CARGO_HOME,
          staging: staging('home'),
          entriesIn: (folder) => homeEntries(folder, lock),
          prove: (folder, entries) => proveHome(folder, entries, lock, context.log),
        }),
      ),
  })

  const { bring, restore } = restoringDependencies(facts, linked, access)

  const hitOf = (step: Step<Restored>) => (step.hasRun ? step.result.hit : 'none')
  const cook = new Step<Cooked | undefined>({
    name: 'cook',
    title: 'Compile the dependencies',
    applies: () => {
      if (patience.isOver) return NO_ANSWER
      if (restore.hasRun && restore.result.wanted === undefined) return 'they have no key'
      return hitOf(restore) !== 'exact' || 'they all came out of the cache'
    },
    plan: () => ['compile the dependencies apart from the project, for the cache'],
    run: ({ log, signal }) =>
      orWithout(log, async () =>
        runCook({
          ...{ directory, buildDirectory, lock, scratch: surroundings.scratch, log, signal },
          ...(await cookingOf(facts, linked())),
          local: await findLocalPackages({ directory, environment, signal }),
          cargoVersion: await versionOfCargo(facts, signal),
        }),
      ),
  })

  const save = new Step<Saves>({
    name: 'save-caches',
    title: 'Save the caches',
    applies: () => {
      if (patience.isOver) return NO_ANSWER
      return cook.hasRun || hitOf(restoreHome) !== 'exact' || 'there is nothing new'
    },
    plan: () => ['save what was downloaded and compiled, for later runs'],
    run: async (context) => {
      const saved = (cache: { name: string; key: string; from: string; entries: readonly Entry[] }) =>
        patience.ask((limitMs) => saveCache({ ...service(context), ...cache, limitMs }))
      const home =
        hitOf(restoreHome) === 'exact'
          ? undefined
          : await saved({
              ...{ ...homeKeyOf(facts), name: "cargo's home", from: CARGO_HOME },
              entries: await homeEntries(CARGO_HOME, lock),
            })
      const cooked = cook.hasRun ? cook.result : undefined
      if (cooked === undefined || patience.isOver) return { home, dependencies: undefined }
      const known = restore.hasRun ? restore.result.wanted : undefined
      const key = known ?? (await keyOfDependencies(facts, linked(), context.signal))
      const { units, complete } = cooked
      const { kept, stale } = await sweep({ buildDirectory, units })
      if (stale.length > 0) context.log.info(`left out, since nothing uses them any more: ${stale.join(', ')}`)
      const dependencies = await saved({
        ...{ name: 'dependencies', from: buildDirectory, entries: kept },
        key: complete ? key : partialKey(key),
      })
      return { home, dependencies }
    },
  })

  const records = () => [
    recordOf("cargo's home", restoreHome, save.hasRun ? save.result.home : undefined, policy),
    recordOf('dependencies', restore, save.hasRun ? save.result.dependencies : undefined, policy),
  ]
  const isExact = () => hitOf(restore) === 'exact'
  // Where a cache is not used, one line that says why is enough.
  return {
    restoringHome: policy.read ? [restoreHome] : [],
    bringingDependencies: policy.read ? [bring] : [],
    restoreDependencies: restore,
    saving: policy.write ? [cook, save] : [],
    verifying: (compiled) => (policy.read ? [verifyCacheStep(isExact, compiled)] : []),
    isExact,
    records,
    cooked: () => (cook.hasRun ? (cook.result?.units ?? []) : []),
  }
}

async function versionOfCargo({ project, environment }: Facts, signal: AbortSignal): Promise<string> {
  const { stdout } = await runTool({
    file: 'cargo',
    args: ['--version'],
    cwd: project.directory,
    env: environment,
    signal,
  })
  return /^cargo (\S+)/.exec(stdout)?.[1] ?? ''
}

function recordOf(name: string, restore: Step<Restored>, saved: Saved | undefined, policy: CachePolicy): CacheRecord {
  if (!policy.read && !policy.write) return { name, hit: 'off', why: policy.why }
  const restored = restore.hasRun ? restore.result : undefined
  return {
    name,
    hit: restored?.hit ?? 'none',
    ...(restored?.key !== undefined && { key: restored.key }),
    ...(restored?.why !== undefined && { why: restored.why }),
    ...(restored?.bytes !== undefined && { restoredBytes: restored.bytes }),
    ...(restored !== undefined && { restoreSeconds: restored.seconds }),
    ...(saved?.bytes !== undefined && { savedBytes: saved.bytes }),
    ...(saved !== undefined && { saveSeconds: saved.seconds }),
  }
}
