import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Refused } from '../report/ending.ts'
import type { Package, Project } from './metadata.ts'

/** A package with those of its binaries that this run is about. */
export type Chosen = { package: Package; binaries: readonly string[] }

/** The packages that a run is about: the named ones; else the one in the working directory; else the only one with binaries. */
export function choosePackages(project: Project, named: readonly string[]): Package[] {
  if (named.length > 0) {
    return named.map((name) => {
      const found = project.packages.find((candidate) => candidate.name === name)
      if (found === undefined) {
        throw new Refused(
          `There is no package \`${name}\` in this workspace; it has ${listed(project.packages.map((each) => each.name))}.`,
        )
      }
      return found
    })
  }
  if (project.rootPackage !== undefined && project.rootPackage.binaries.length > 0) return [project.rootPackage]
  const members = project.packages.filter(({ name }) => project.defaultMembers.includes(name))
  const withBinaries = members.filter(({ binaries }) => binaries.length > 0)
  if (withBinaries.length === 1) return withBinaries
  if (withBinaries.length === 0) {
    throw new Refused('No package of this workspace has a binary, so there is nothing to build: add a src/main.rs.')
  }
  throw new Refused(
    `This workspace has several packages with binaries: name one or more with \`package\` (${listed(withBinaries.map((each) => each.name))}).`,
  )
}

/** What cargo means when no package is named, for a run that builds none of it. */
export function withoutBinaries({ packages, defaultMembers }: Project): Chosen[] {
  return packages.filter(({ name }) => defaultMembers.includes(name)).map((each) => ({ package: each, binaries: [] }))
}

/** The binaries of each package. More than one is built only when somebody said so. */
export function chooseBinaries(packages: readonly Package[], bins: readonly string[]): Chosen[] {
  const all = packages.flatMap(({ binaries }) => binaries)
  const unknown = bins.filter((bin) => bin !== 'all' && !all.includes(bin))
  if (unknown.length > 0) {
    throw new Refused(
      `There is no binary ${listed(unknown)} in ${listed(packages.map(({ name }) => name))}; there is ${listed(all)}.`,
    )
  }
  const chosen = packages.map((each) => chosenOf(each, bins))
  refuseSameNames(chosen)
  refuseWrongNames(chosen)
  return chosen
}

function chosenOf(chosen: Package, bins: readonly string[]): Chosen {
  const { name, binaries, defaultRun } = chosen
  if (binaries.length === 0) throw new Refused(`The package \`${name}\` has no binary: it cannot be deployed.`)
  if (bins.includes('all')) return { package: chosen, binaries }
  const wanted = binaries.filter((binary) => bins.includes(binary))
  if (wanted.length > 0) return { package: chosen, binaries: wanted }
  if (bins.length > 0) {
    throw new Refused(`\`bin\` names no binary of the package \`${name}\`, which has ${listed(binaries)}.`)
  }
  if (binaries.length === 1) return { package: chosen, binaries }
  if (defaultRun !== undefined) return { package: chosen, binaries: [defaultRun] }
  throw new Refused(
    `The package \`${name}\` has several binaries (${listed(binaries)}): name one with \`bin\`, take \`bin: all\`, or set default-run in its Cargo.toml.`,
  )
}

/** cargo takes any text for a name, the compiler does not, and in between it would be an option, a pattern or a path. */
function refuseWrongNames(chosen: readonly Chosen[]): void {
  for (const { package: owner, binaries } of chosen) {
    const wrong = binaries.find((binary) => !/^[\p{Alphabetic}\p{N}_][\p{Alphabetic}\p{N}_-]*$/u.test(binary))
    if (wrong !== undefined) {
      throw new Refused(
        `The package \`${owner.name}\` has a binary with the name ${JSON.stringify(wrong)}, which Rust cannot compile: give it one of letters, digits, - and _ in ${owner.manifest}.`,
      )
    }
  }
}

/** cargo names a binary without its package and puts all into one folder, where the last one would win. */
function refuseSameNames(chosen: readonly Chosen[]): void {
  for (const { package: owner, binaries } of chosen) {
    for (const other of chosen) {
      const shared = binaries.filter((binary) => other.package !== owner && other.package.binaries.includes(binary))
      if (shared.length > 0) {
        throw new Refused(
          `The packages \`${owner.name}\` and \`${other.package.name}\` both have a binary ${listed(shared)}, and one would overwrite the other: rename one, or build them in runs of their own.`,
        )
      }
    }
  }
}

function listed(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ')
}

/** What a release is built from must stand in a committed lock file; without one cargo would take whatever is newest. */
export function checkLock(project: Project): void {
  if (existsSync(join(project.workspaceRoot, 'Cargo.lock'))) return
  throw new Refused(
    'There is no Cargo.lock, and a release is only built from what it names: run `cargo generate-lockfile`, then commit it.',
  )
}

/** Known before anything is fetched or compiled. Names with a slash are of other packages; cargo knows those. */
export function checkFeatures(chosen: readonly Chosen[], features: readonly string[]): void {
  const known = [...new Set(chosen.flatMap((each) => each.package.features))]
  const unknown = features.filter(
    (name) => name !== 'all' && name !== '-default' && !name.includes('/') && !known.includes(name),
  )
  if (unknown.length === 0) return
  const there = known.length > 0 ? `there is ${listed(known)}` : 'there are none'
  throw new Refused(
    `There is no feature ${listed(unknown)} in ${listed(chosen.map((each) => each.package.name))}; ${there}.`,
  )
}
