import { join } from 'node:path'
import { buildEntries, type Entry } from '../cache/entries.ts'
import { homeEntries, proveHome } from '../cache/home.ts'
import { type DependenciesKey, partialKey } from '../cache/key.ts'
import { findLocalPackages } from '../cache/local-packages.ts'
import { Patience } from '../cache/patience.ts'
import type { CachePolicy } from '../cache/policy.ts'
import { type Cooked, runCook } from '../cache/run-cook.ts'
import { type Restored, restoreCache, type Saved, type Staged, saveCache, stageCache } from '../cache/store.ts'
import { sweep } from '../cache/sweep.ts'
import type { CacheUnit } from '../cache/units.ts'
import { runTool } from '../process/tool.ts'
import { Failed, Refused } from '../report/ending.ts'
import type { Log } from '../report/log.ts'
import type { CacheRecord } from '../report/report.ts'
import { dependenciesKeyOf, homeKeyOf, linkingOf } from './cache-keys.ts'
import { policyOf } from './cache-policy.ts'
import type { CompiledUnits } from './compiled.ts'
import { cookingOf, cookPlanOf } from './cooking.ts'
import type { Facts } from './facts.ts'
import { homesOf } from './homes.ts'
import type { Linked } from './linking.ts'
import { Step, type StepContext } from './step.ts'
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

/** With the key under which these very dependencies are saved. Without one nothing can be restored, nor saved. */
type RestoredFor = Restored & { wanted: string | undefined }

type Brought = { staged: Staged; key: DependenciesKey }

/** A cache that cannot be made is told, and costs the run nothing else. */
async function orWithout<T>(log: Log, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Failed || error instanceof Refused)) throw error
    log.finding({
      level: 'warning',
      title: 'Dependencies not cached',
      message: `${error.message} The run goes on without a cache of its dependencies.`,
    })
    return undefined
  }
}

type Saves = { home: Saved | undefined; dependencies: Saved | undefined }

const NO_ANSWER = 'the cache service did not answer before'

/** The two caches: cargo's home, and what it compiled of packages from elsewhere. */
export function cacheSteps(facts: Facts, linked: () => readonly Linked[]): CacheSteps {
  const policy = policyOf(facts)
  const patience = new Patience()
  const { project, lock, environment, surroundings } = facts
  const { buildDirectory, directory } = project
  const { CARGO_HOME } = homesOf(facts)
  const staging = (name: string) => join(buildDirectory, 'rust-deploy', name)
  const service = ({ log, signal }: StepContext) => ({
    transfer: surroundings.transfer,
    scratch: surroundings.scratch,
    environment: surroundings.environment,
    log,
    signal,
  })

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

  const ofDependencies = (context: StepContext, limitMs: number) => ({
    ...{ ...service(context), limitMs, name: 'dependencies' },
    ...{ into: buildDirectory, staging: staging('dependencies'), entriesIn: buildEntries },
  })

  const bringDependencies = new Step<Brought | undefined>({
    name: 'bring-dependencies',
    title: 'Bring compiled dependencies',
    applies: () => {
      if (patience.isOver) return NO_ANSWER
      return policy.read || policy.why
    },
    plan: () => ['bring what earlier runs compiled of the dependencies'],
    run: async (context) => {
      const plan = cookPlanOf(facts, builtTargets(facts))
      const key = await orWithout(context.log, () => dependenciesKeyOf(facts, plan, context.signal))
      if (key === undefined) return undefined
      const [first = '', ...others] = key.restoreKeys
      const staged = await patience.ask((limitMs) =>
        // No key ends like the first: it is a beginning as well.
        stageCache({ ...ofDependencies(context, limitMs), key: first, restoreKeys: [first, ...others] }),
      )
      return { staged, key }
    },
  })

  const restoreDependencies = new Step<RestoredFor>({
    name: 'restore-dependencies',
    title: 'Restore dependencies',
    applies: () => {
      if (!bringDependencies.hasRun && patience.isOver) return NO_ANSWER
      return policy.read || policy.why
    },
    plan: () => ['use them, if what links and what compiles C is still the same'],
    run: async (context) => {
      const brought = bringDependencies.result
      if (brought === undefined) return { hit: 'none', seconds: 0, wanted: undefined }
      const { staged, key } = brought
      const linking = linkingOf(linked())
      const wanted = key.linkedBy(linking)
      if (staged.key === undefined || key.isLinkedBy(linking, staged.key)) {
        return { ...(await staged.use(wanted)), wanted }
      }
      await staged.drop()
      context.log.info(`dependencies: ${staged.key} is left alone, since something else links or compiles C here`)
      const restored = await patience.ask((limitMs) =>
        restoreCache({ ...ofDependencies(context, limitMs), key: wanted, restoreKeys: [] }),
      )
      return { ...restored, seconds: staged.seconds + restored.seconds, wanted }
    },
  })

  const hitOf = (step: Step<Restored>) => (step.hasRun ? step.result.hit : 'none')
  const cook = new Step<Cooked | undefined>({
    name: 'cook',
    title: 'Compile the dependencies',
    applies: () => {
      if (patience.isOver) return NO_ANSWER
      if (restoreDependencies.hasRun && restoreDependencies.result.wanted === undefined) return 'they have no key'
      return hitOf(restoreDependencies) !== 'exact' || 'they all came out of the cache'
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

  const keyWithoutRestoring = async (signal: AbortSignal) => {
    const key = await dependenciesKeyOf(facts, cookPlanOf(facts, builtTargets(facts)), signal)
    return key.linkedBy(linkingOf(linked()))
  }

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
      const known = restoreDependencies.hasRun ? restoreDependencies.result.wanted : undefined
      const key = known ?? (await keyWithoutRestoring(context.signal))
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
    recordOf('dependencies', restoreDependencies, save.hasRun ? save.result.dependencies : undefined, policy),
  ]
  const isExact = () => hitOf(restoreDependencies) === 'exact'
  // Where a cache is not used, one line that says why is enough.
  return {
    restoringHome: policy.read ? [restoreHome] : [],
    bringingDependencies: policy.read ? [bringDependencies] : [],
    restoreDependencies,
    saving: policy.write ? [cook, save] : [],
    verifying: (compiled) => (policy.read ? [verifyCacheStep(isExact, compiled)] : []),
    isExact,
    records,
    cooked: () => (cook.hasRun ? (cook.result?.units ?? []) : []),
  }
}

/** Of what is compiled, all that is known before anything was linked. */
function builtTargets({ settings, targets }: Facts) {
  return settings.command === 'check' ? [] : targets.map((target) => ({ target, zigbuild: undefined }))
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
