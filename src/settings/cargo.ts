import { isRecord } from '../json/narrow.ts'
import { didYouMean } from '../report/nearest.ts'
import type { Given, Reading } from './reading.ts'
import { isName, names, settingOf } from './table.ts'

/** One `metadata` table of a Cargo.toml, as cargo gives it. */
export type Metadata = { manifest: string; kind: 'package' | 'workspace'; content: unknown }

/**
 * What stands in Cargo.toml: the section of the environment before the general one, and within each a package before
 * the workspace. Several packages in one run must agree, since what is read here counts for the whole run.
 */
export function readCargo(tables: readonly Metadata[], environment: string): Reading {
  const problems: string[] = []
  const special: Given[] = []
  const general: Given[] = []
  let environmentSeen = environment === ''
  const known = new Set<string>()

  for (const { manifest, kind, content } of tables) {
    if (!isRecord(content) || content['rust-deploy'] === undefined) continue
    const section = `[${kind}.metadata.rust-deploy]`
    const ours = content['rust-deploy']
    if (!isRecord(ours)) {
      problems.push(`${section} in ${manifest} must be a table.`)
      continue
    }
    const { environments = {}, ...settings } = ours
    general.push(...readSection(settings, kind, `${section} in ${manifest}`, problems))
    if (!isRecord(environments)) {
      problems.push(`${section} in ${manifest}: \`environments\` must be a table of tables.`)
      continue
    }
    for (const [name, values] of Object.entries(environments)) {
      known.add(name)
      const origin = `[${kind}.metadata.rust-deploy.environments.${name}] in ${manifest}`
      if (!isRecord(values)) {
        problems.push(`${origin} must be a table.`)
        continue
      }
      // All are checked, also the ones not used now: a typing error should not wait for the first production run.
      const read = readSection(values, kind, origin, problems)
      if (name === environment) {
        environmentSeen = true
        special.push(...read)
      }
    }
  }
  // An environment without a section of its own is fine as long as no project of this kind keeps sections.
  if (!environmentSeen && known.size > 0) {
    problems.push(
      `The environment \`${environment}\` has no section in Cargo.toml${didYouMean(environment, [...known])} Known are ${[...known].join(', ')}.`,
    )
  }
  problems.push(...disagreements(special), ...disagreements(general))
  return { given: [...special, ...general], problems: [...new Set(problems)] }
}

function readSection(
  values: Record<string, unknown>,
  kind: Metadata['kind'],
  origin: string,
  problems: string[],
): Given[] {
  return Object.entries(values).flatMap(([name, value]) => {
    if (!isName(name)) {
      problems.push(`There is no setting \`${name}\` (${origin})${didYouMean(name, names)}`)
      return []
    }
    if (settingOf(name).secret) {
      problems.push(`\`${name}\` is a secret and must not stand in ${origin}: give it as an input or a variable.`)
      return []
    }
    if (kind === 'package' && settingOf(name).workspaceOnly) {
      problems.push(
        `\`${name}\` cannot stand in ${origin}: it says which packages there are, so put it into [workspace.metadata.rust-deploy].`,
      )
      return []
    }
    if (name === 'environment' && isRecord(value)) {
      problems.push(`The sections of environments are called \`environments.<name>\`, not \`environment\` (${origin}).`)
      return []
    }
    const why = settingOf(name).doorOnly
    if (why !== undefined) {
      problems.push(`\`${name}\` cannot stand in ${origin}: ${why}.`)
      return []
    }
    // As everywhere, empty is not set.
    return value === '' ? [] : [{ name, value, origin }]
  })
}

/** Two packages of one run that say different things in sections of the same strength. */
function disagreements(given: readonly Given[]): string[] {
  const ofPackages = given.filter(({ origin }) => origin.startsWith('[package.'))
  return ofPackages.flatMap((one, index) => {
    const other = ofPackages
      .slice(index + 1)
      .find((next) => next.name === one.name && JSON.stringify(next.value) !== JSON.stringify(one.value))
    if (other === undefined) return []
    return [
      `\`${one.name}\` differs between ${one.origin} and ${other.origin}: a run has one value, so put it into [workspace.metadata.rust-deploy] or give it as an input.`,
    ]
  })
}
