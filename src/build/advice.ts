import { bytes } from '../report/markdown.ts'
import type { Ingredient } from './ingredients.ts'
import type { Profile } from './profile.ts'

export type AdviceOptions = {
  profile: Profile
  /** What the binary's headers say, if they were read: how much of it are symbols and debug information. */
  size: { total: number; symbols: number } | undefined
  target: string
  ingredients: readonly Ingredient[]
}

/** What the profile leaves on the table, one sentence each. It is advice: nothing is changed for the user. */
export function adviceOn({ profile, size, target, ingredients }: AdviceOptions): string[] {
  // Whoever builds for developing wants none of it.
  if (profile.optLevel === '0') return []
  const where = `[profile.${profile.name}]`
  return [
    adviceOnStrip(profile, size, where),
    !isOn(profile.lto) &&
      `\`lto = "thin"\` in ${where} optimises across crates: a smaller and often faster binary for a longer build.`,
    profile.codegenUnits !== 1 &&
      `\`codegen-units = 1\` in ${where} lets the compiler optimise each crate as a whole, for a longer build.`,
    profile.panic !== 'abort' &&
      `\`panic = "abort"\` in ${where} makes the binary smaller, if the whole service may end where now one thread or one request does.`,
    adviceOnAllocator(target, ingredients),
  ].filter((sentence) => sentence !== false)
}

function adviceOnStrip({ strip }: Profile, size: AdviceOptions['size'], where: string): string | false {
  if (strip === 'symbols' || strip === 'true') return false
  if (size === undefined) return `\`strip = "symbols"\` in ${where} leaves the symbols out of the binary.`
  // The headers know better than the profile: the linker may have been told too.
  if (size.symbols === 0) return false
  return `\`strip = "symbols"\` in ${where} would save ${bytes(size.symbols)} of the binary's ${bytes(size.total)}; backtraces would lose their names.`
}

/** `false` is thin too, but only within a crate. */
function isOn(lto: string | undefined): boolean {
  return lto !== undefined && lto !== 'false' && lto !== 'off'
}

/** A crate, and the feature without which it starts no threads. */
const THREADED: readonly { name: string; feature?: string }[] = [
  { name: 'tokio', feature: 'rt-multi-thread' },
  { name: 'rayon-core' },
  { name: 'async-std' },
  { name: 'actix-rt' },
  { name: 'threadpool' },
]
const ALLOCATORS =
  /^(mimalloc|mimalloc-safe|tikv-jemallocator|jemallocator|snmalloc-rs|rpmalloc|tcmalloc|tcmalloc-better)$/

function adviceOnAllocator(target: string, ingredients: readonly Ingredient[]): string | false {
  const linked = ingredients.filter((each) => each.linked)
  if (!target.includes('-musl') || linked.some((each) => ALLOCATORS.test(each.package.name))) return false
  const threaded = linked.find(({ package: { name }, features }) =>
    THREADED.some((each) => each.name === name && (each.feature === undefined || features.includes(each.feature))),
  )
  if (threaded === undefined) return false
  return `musl's allocator makes threads wait for each other, and \`${threaded.package.name}\` runs several: a \`#[global_allocator]\` such as mimalloc is worth a measurement.`
}
