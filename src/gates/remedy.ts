import { nameOf, type Way } from './lock-ways.ts'
import { oneLine } from './one-line.ts'

export type Affected = {
  name: string
  version: string
  /** Requirements as Cargo writes them; any version that fits one of them is free of the problem. */
  patched: readonly string[]
}

/** What a person can do about a package of Cargo.lock. */
export function remedyFor({ name, version, patched }: Affected, way: Way | undefined): string {
  const wanted = compatibleFix(version, patched)
  const spec = `${name}@${version}`
  if (wanted !== undefined) return `Run \`cargo update ${spec} --precise ${wanted}\`.`
  const fixed = patched.map((requirement) => oneLine(requirement, 60)).join(' or ')
  const { direct, steps } = way ?? {}
  if (direct === undefined || steps === undefined) return `It is fixed in ${fixed}.`
  const manifest = `Cargo.toml of ${steps[0]?.name ?? 'the project'}`
  return direct.name === name
    ? `Its next fixed version needs a change in ${manifest}: ask for ${name} ${fixed} there.`
    : `${nameOf(direct)} brings it in: upgrade ${direct.name} in ${manifest} to a version that takes ${name} ${fixed}.`
}

/** The lowest fixed version that Cargo may take without a change in any Cargo.toml. */
export function compatibleFix(version: string, patched: readonly string[]): string | undefined {
  const now = parse(version)
  if (now === undefined) return undefined
  return patched
    .map(lowestOf)
    .filter((candidate) => candidate !== undefined)
    .filter((candidate) => compare(candidate, now) > 0 && isCompatible(candidate, now))
    .sort(compare)
    .at(0)
    ?.join('.')
}

type Release = [major: number, minor: number, patch: number]

function parse(version: string): Release | undefined {
  const [, ...numbers] = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:[-+]|$)/.exec(version) ?? []
  const [major, minor, patch] = numbers.map(Number)
  return major === undefined || minor === undefined || patch === undefined ? undefined : [major, minor, patch]
}

/** `>=1.2.3, <2` begins at 1.2.3; of `>1.2.3` nobody knows the next version. */
function lowestOf(requirement: string): Release | undefined {
  const [, numbers] = /^\s*(?:>=|\^|~|=)?\s*(\d{1,9}\.\d{1,9}\.\d{1,9})\s*(?:,|$)/.exec(requirement.slice(0, 100)) ?? []
  return numbers === undefined ? undefined : parse(numbers)
}

function compare(one: Release, other: Release): number {
  return one[0] - other[0] || one[1] - other[1] || one[2] - other[2]
}

/** Cargo takes the first number that is not zero for the one that breaks. */
function isCompatible(one: Release, other: Release): boolean {
  if (one[0] !== other[0]) return false
  if (one[0] > 0) return true
  return one[1] === other[1] && (one[1] > 0 || one[2] === other[2])
}
