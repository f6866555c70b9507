import { join } from 'node:path'
import type { CookPlan } from '../cache/cook.ts'
import { buildEntries, type Entry } from '../cache/entries.ts'
import { homeEntries, proveHome } from '../cache/home.ts'
import { findLocalPackages } from '../cache/local-packages.ts'
import { Patience } from '../cache/patience.ts'
import type { CachePolicy } from '../cache/policy.ts'
import { type Cooked, type CookOptions, runCook } from '../cache/run-cook.ts'
import { type Restored, restoreCache, type Saved, saveCache } from '../cache/store.ts'
import { sweep } from '../cache/sweep.ts'
import type { CacheUnit } from '../cache/units.ts'
import type { Environment } from '../process/environment.ts'
import { runTool } from '../process/tool.ts'
import { Failed, Refused } from '../report/ending.ts'
import type { Log } from '../report/log.ts'
import type { CacheRecord } from '../report/report.ts'
import { dependenciesKeyOf, homeKeyOf } from './cache-keys.ts'
import { policyOf } from './cache-policy.ts'
import type { CompiledUnits } from './compiled.ts'
import type { Facts } from './facts.ts'
import { homesOf } from './homes.ts'
import { Step, type StepContext } from './step.ts'
import { verifyCacheStep } from './verifying-cache.ts'

export type CacheSteps = {
  /** Before the fetch: what was downloaded in earlier runs. */
  restoringHome: readonly Step[]
  /** When it is known how everything is compiled: what was compiled in earlier runs. */
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

/** What is compiled later in this run and with which environments; known when the linkers are. */
export type Cooking = {
  plan: CookPlan
  environments: CookOptions['environments']
  /** What of these is part of what is compiled. */
  keyed: Environment
}

/** With the key under which these very dependencies are saved. */
/** Without a key nothing can be restored, nor saved. */
type RestoredFor = Restored & { wanted: string | undefined }

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
export function cacheSteps(facts: Facts, cooking: () => Promise<Cooking>): CacheSteps {
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

  const restoreDependencies = new Step<RestoredFor>({
    name: 'restore-dependencies',
    title: 'Restore dependencies',
    applies: () => {
      if (patience.isOver) return NO_ANSWER
      return policy.read || policy.why
    },
    plan: () => ['restore what earlier runs compiled of the dependencies'],
    run: async (context) => {
      const keys = await orWithout(context.log, async () => dependenciesKeyOf(facts, await cooking(), context.signal))
      if (keys === undefined) return { hit: 'none', seconds: 0, wanted: undefined }
      const { key, restoreKeys } = keys
      const restored = await patience.ask((limitMs) =>
        restoreCache({
          ...{ ...service(context), limitMs, key, restoreKeys },
          ...{ name: 'dependencies', into: buildDirectory, staging: staging('dependencies') },
          entriesIn: buildEntries,
        }),
      )
      return { ...restored, wanted: key }
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
          ...(await cooking()),
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
      const known = restoreDependencies.hasRun ? restoreDependencies.result.wanted : undefined
      const key = known ?? (await dependenciesKeyOf(facts, await cooking(), context.signal)).key
      const { units, complete } = cooked
      const { kept, stale } = await sweep({ buildDirectory, units })
      if (stale.length > 0) context.log.info(`left out, since nothing uses them any more: ${stale.join(', ')}`)
      const dependencies = await saved({
        ...{ name: 'dependencies', from: buildDirectory, entries: kept },
        // A key that is found promises everything; the half of it is found by its beginning.
        key: complete ? key : `${key}.partial`,
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
    restoreDependencies,
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
