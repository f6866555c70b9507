import { randomUUID } from 'node:crypto'
import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Environment } from '../process/environment.ts'
import { Cancelled, Failed } from '../report/ending.ts'
import type { Log } from '../report/log.ts'
import { ARCHIVE, pack, unpack } from './archive.ts'
import type { Entry } from './entries.ts'
import { programEnvironment } from './program-environment.ts'
import { download, upload } from './service.ts'
import { discard, moveIn } from './staging.ts'

type StoreOptions = {
  /** What it is, for people: `dependencies`. */
  name: string
  /** The command that runs transfer.ts. */
  transfer: readonly [string, ...string[]]
  /** For what nobody needs afterwards. */
  scratch: string
  /** Of our own process: the way to the cache service is in it. */
  environment: Environment
  log: Log
  signal: AbortSignal
  /** A cache that takes longer than this is none. */
  limitMs?: number
}

/** Under which it may have been saved: the very key, where that is known, or beginnings of keys, the best first. */
type Wanted = { key?: string; restoreKeys?: readonly string[] }

export type RestoreOptions = StoreOptions &
  Wanted & {
    /** The folder that the cache belongs to. */
    into: string
    /** Where the archive is unpacked and looked through; on the disk of `into` nothing has to be copied. */
    staging: string
    /** Everything that has the shape of this cache, in what was unpacked and in what is there already. */
    entriesIn(folder: string): Promise<readonly Entry[]>
    /** Which of what was unpacked can be trusted; all of it, where nothing can be proved. */
    prove?(folder: string, entries: readonly Entry[]): Promise<readonly Entry[]>
  }

export type Restored = {
  hit: 'exact' | 'prefix' | 'none'
  /** Under which it was found. */
  key?: string
  bytes?: number
  seconds: number
  /** Why nothing came, where that is not simply because there was nothing. */
  why?: string
}

export type SaveOptions = StoreOptions & {
  key: string
  from: string
  entries: readonly Entry[]
}

export type Saved = { saved: boolean; bytes?: number; seconds: number; why?: string }

const LIMIT_MS = 60_000

/** What was brought from the service and lies apart; `hit` is `none` where nothing came. */
export type Staged = Restored & {
  /** Moves it to where it belongs. It is `exact` if it was saved under the key that is wanted, as is known by now. */
  use(wanted: string | undefined, limitMs?: number): Promise<Restored>
  /** Forgets it. */
  drop(): Promise<void>
}

/** Brings a cache back. Whatever the service, the archive or the disk does, the worst end is that there was none. */
export async function restoreCache(options: RestoreOptions): Promise<Restored> {
  return (await stageCache(options)).use(options.key)
}

/** The first half of restoring: it touches nothing of what will be used, so it can go on beside whatever makes that. */
export async function stageCache(options: RestoreOptions): Promise<Staged> {
  const { name, restoreKeys = [], staging, log } = options
  // The service wants a key first. That of a beginning is no whole key, so it is found by its beginning only.
  const [key = '', ...beginnings] =
    options.key === undefined ? [restoreKeys[0] ?? '', ...restoreKeys] : [options.key, ...restoreKeys]
  const clock = stopwatch()
  let entries: readonly Entry[] = []
  const outcome = await bounded(options, TOLD_RESTORING, async (tools) => {
    const answer = await download({ file: ARCHIVE, key, restoreKeys: beginnings }, { ...options, ...tools })
    if (answer.key === undefined) return answer
    const { size } = await stat(join(tools.place, ARCHIVE))
    entries = await takeOut(options, tools)
    return { key: answer.key, bytes: size }
  }).catch(async (error: unknown) => {
    await discard(staging)
    throw error
  })
  const seconds = clock()
  const drop = () => discard(staging)
  if (outcome.key === undefined) {
    await drop()
    if (!outcome.isTold) log.info(`${name}: nothing restored (${outcome.why ?? 'no cache fits'})`)
    const none: Restored = { hit: 'none', seconds, ...(outcome.why !== undefined && { why: outcome.why }) }
    return { ...none, use: async () => none, drop }
  }
  const { key: found, bytes } = outcome
  const hitOf = (wanted: string | undefined) => (found === wanted ? 'exact' : 'prefix')
  const staged: Restored = { hit: hitOf(options.key), key: found, ...(bytes !== undefined && { bytes }), seconds }
  return {
    ...staged,
    use: (wanted, limitMs) =>
      moveStaged({ ...options, ...(limitMs !== undefined && { limitMs }) }, entries, { ...staged, hit: hitOf(wanted) }),
    drop,
  }
}

async function moveStaged(options: RestoreOptions, entries: readonly Entry[], staged: Restored): Promise<Restored> {
  const { name, into, staging: from, entriesIn, environment, log } = options
  const clock = stopwatch()
  try {
    const { why } = await bounded(options, TOLD_RESTORING, async (tools) => {
      const own = { ...tools, environment: programEnvironment(environment) }
      await moveIn({ from, into, entries, present: await entriesIn(into), ...own })
      return {}
    })
    const seconds = staged.seconds + clock()
    if (why !== undefined) return { hit: 'none', seconds, why }
    log.info(`${name}: ${megabytes(staged.bytes)} restored in ${seconds.toFixed(1)} s (${staged.hit}: ${staged.key})`)
    return { ...staged, seconds }
  } finally {
    await discard(from)
  }
}

async function takeOut(
  { staging, entriesIn, prove, environment }: RestoreOptions,
  tools: Tools,
): Promise<readonly Entry[]> {
  await discard(staging)
  await unpack(staging, { ...tools, environment: programEnvironment(environment) })
  const all = await entriesIn(staging)
  const entries = prove === undefined ? all : await prove(staging, all)
  if (entries.length === 0) throw new Failed('the archive holds nothing of this cache')
  return entries
}

/** Saves a cache as far as that is possible. What is there is only read: nothing is pruned, moved or linked. */
export async function saveCache(options: SaveOptions): Promise<Saved> {
  const { name, key, from, entries, environment, log } = options
  const clock = stopwatch()
  const { saved, bytes, why, isTold } = await bounded(options, TOLD_SAVING, async (tools) => {
    if (entries.length === 0) return { saved: false, why: 'there is nothing to save' }
    const paths = entries.map(({ path }) => path)
    await pack(from, paths, { ...tools, environment: programEnvironment(environment) })
    const { size } = await stat(join(tools.place, ARCHIVE))
    return { ...(await upload({ file: ARCHIVE, key }, { ...options, ...tools })), bytes: size }
  })
  const seconds = clock()
  if (saved) log.info(`${name}: ${megabytes(bytes)} saved in ${seconds.toFixed(1)} s (${key})`)
  else if (!isTold) log.info(`${name}: not saved (${why ?? 'the service did not say why'})`)
  return { saved: saved === true, ...(bytes !== undefined && { bytes }), seconds, ...(why !== undefined && { why }) }
}

type Outcome = { key?: string; saved?: boolean; bytes?: number; why?: string; isTold?: true }
type Tools = { place: string; signal: AbortSignal }
type Told = { title: string; sentence: (name: string, why: string) => string }

const TOLD_RESTORING: Told = {
  title: 'Cache not restored',
  sentence: (name, why) => `The cache of ${name} was not restored: ${why}. The run goes on without it.`,
}
const TOLD_SAVING: Told = {
  title: 'Cache not saved',
  sentence: (name, why) => `The cache of ${name} was not saved: ${why}. Later runs go on without it.`,
}

/** Gives the work a place of its own and a limit. However it fails, that is a warning; only a cancelled run stops here. */
async function bounded(
  { name, scratch, log, signal, limitMs = LIMIT_MS }: StoreOptions,
  told: Told,
  work: (tools: Tools) => Promise<Outcome>,
): Promise<Outcome> {
  const place = join(scratch, `cache-${randomUUID()}`)
  const limit = AbortSignal.timeout(limitMs)
  try {
    await mkdir(place, { recursive: true })
    return await work({ place, signal: AbortSignal.any([signal, limit]) })
  } catch (error) {
    if (signal.aborted) throw new Cancelled(`The cache of ${name} was left alone.`, { cause: error })
    const why = limit.aborted ? `it took more than ${Number((limitMs / 1000).toFixed(1))} s` : reasonOf(error)
    log.finding({ level: 'warning', title: told.title, message: told.sentence(name, why) })
    return { why, isTold: true }
  } finally {
    await discard(place)
  }
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).trim().replace(/\.$/, '')
}

function megabytes(bytes = 0): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}

function stopwatch(): () => number {
  const began = performance.now()
  return () => (performance.now() - began) / 1000
}
