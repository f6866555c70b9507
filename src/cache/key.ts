import { type CookPlan, workOf } from './cook.ts'
import { fingerprintOf, sortedOnce } from './fingerprint.ts'

export type HomeFacts = {
  /** As the runner calls it: `Linux`. */
  os: string
  /** Of `lockHash`. */
  lock: string
  /** The platforms whose packages are fetched. */
  triples: readonly string[]
}

export type DependenciesFacts = {
  /** Of the machine that compiles, as the runner calls them: `Linux`, `X64`. */
  os: string
  arch: string
  /** What `readImage` found. */
  image: string
  /** What `rustc -vV` printed. */
  rustc: string
  layout: 'v1' | 'v2'
  plan: CookPlan
  /** Of `flagsHash` and `recipeHash`. */
  flags: string
  recipe: string
}

export type CacheKey = { key: string; restoreKeys: readonly string[] }

/** What links and what compiles C is known only when the packages are here: the last part of a key waits for it. */
export type DependenciesKey = {
  /** Beginnings of keys to restore by before that: the same recipe, then any. */
  restoreKeys: readonly string[]
  /** The whole key, with the hash of what links. */
  linkedBy(linking: string): string
  /** Whether what was saved under a key was linked by the same. */
  isLinkedBy(linking: string, key: string): boolean
}

/** The generation of what we store: a change here leaves every older cache behind. */
const GENERATION = 'rd1'

/** What was downloaded is the same for every machine, compiler and branch. */
export function homeKey({ os, lock, triples }: HomeFacts): CacheKey {
  return keyOf(['home', os], fingerprintOf({ lock, triples: sortedOnce(triples) }))
}

/**
 * Jobs, branches and folders are not part of it, so all that can share a cache does. What makes the units of a cache
 * useless stands before the recipe, so no prefix reaches across it; only what links stands behind, and is compared.
 */
export function dependenciesKey(facts: DependenciesFacts): DependenciesKey {
  const { os, arch, image, rustc, layout, plan, flags, recipe } = facts
  const work = fingerprintOf({ host: lineOf(rustc, 'host'), work: workOf(plan) })
  const { key, restoreKeys } = keyOf(['deps', os, arch, image, compilerOf(rustc), layout, work, flags], recipe)
  return {
    restoreKeys: [`${key}-`, ...restoreKeys],
    linkedBy: (linking) => `${key}-${part(linking)}`,
    isLinkedBy: (linking, other) => other.replace(PARTIAL, '').endsWith(`-${part(linking)}`),
  }
}

const PARTIAL = /\.partial$/

/** A key that is found promises everything. The half of it is found by its beginning. */
export function partialKey(key: string): string {
  return `${key}.partial`
}

/** How cargo orders its build directory: by kind, or since Rust 1.99 by package. */
export function cargoLayout(
  cargoVersion: string,
  environment: Readonly<Record<string, string | undefined>>,
): 'v1' | 'v2' {
  const [, major, minor] = /^(\d+)\.(\d+)\./.exec(cargoVersion) ?? []
  const optedOut = environment['__CARGO_TEMPORARY_BUILD_DIR_NEW_LAYOUT_OPT_OUT'] !== undefined
  return Number(major) === 1 && Number(minor) >= 99 && !optedOut ? 'v2' : 'v1'
}

function keyOf(parts: readonly string[], last: string): CacheKey {
  const prefix = [GENERATION, ...parts.map(part)].join('-')
  return { key: `${prefix}-${part(last)}`, restoreKeys: [`${prefix}-`] }
}

/** One part of a key, which can be taken for no other part, nor for two of them. What does not fit becomes its hash. */
function part(text: string): string {
  const plain = text.toLowerCase()
  return /^[a-z0-9.]{1,40}$/.test(plain) ? plain : fingerprintOf(text)
}

/** Distributions build their own compiler without telling the commit: then everything it says of itself counts. */
function compilerOf(rustc: string): string {
  const commit = lineOf(rustc, 'commit-hash')
  return (/^[0-9a-f]{9,}$/.test(commit) ? commit : fingerprintOf(rustc)).slice(0, 9)
}

function lineOf(rustc: string, name: string): string {
  const start = `${name}: `
  const line = rustc.split('\n').find((each) => each.startsWith(start))
  return line?.slice(start.length).trim() ?? ''
}
