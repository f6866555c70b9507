import { Refused } from '../report/ending.ts'
import { names, settingOf } from '../settings/table.ts'
import type { Facts } from './facts.ts'

/** What a run would do, for people to read and for workflows to branch on. Its shape is part of the contract. */
export type Plan = {
  schema: 1
  command: string
  environment: string
  commit: string | undefined
  packages: readonly { name: string; version: string; binaries: readonly string[] }[]
  targets: readonly string[]
  /** Those that must pass before anything is given out. */
  gates: readonly string[]
  /** One job each: the matrix of the compiling jobs. Empty when nothing is compiled. */
  builds: readonly { target: string }[]
  /** One for each package and target: the matrix of the jobs that take what was built. Empty when nothing is uploaded. */
  artifacts: readonly Artifact[]
  settings: Readonly<Record<string, { value: unknown; from: string }>>
}

export type Artifact = { name: string; package: string; target: string }

export function planOf(facts: Facts): Plan {
  const { settings, origins, chosen, git } = facts
  const targets = facts.targets.map(({ name }) => name)
  return {
    schema: 1,
    command: settings.command,
    environment: settings.environment,
    commit: git?.sha,
    packages: chosen.map(({ package: { name, version }, binaries }) => ({ name, version, binaries })),
    targets,
    gates: settings.from === '' ? settings.gates : [],
    builds: settings.from === '' ? targets.map((target) => ({ target })) : [],
    artifacts: settings.from === '' ? artifactsOf(facts, facts.targets) : [],
    settings: Object.fromEntries(
      names.map((name) => [
        name,
        { value: settingOf(name).secret ? given(settings[name]) : settings[name], from: origins[name] },
      ]),
    ),
  }
}

export function artifactsOf({ settings, chosen }: Facts, targets: readonly { triple: string }[]): Artifact[] {
  const named = settings.artifact
  if (named === 'none') return []
  const artifacts = targets.flatMap(({ triple: target }) =>
    chosen
      .filter(({ binaries }) => binaries.length > 0)
      .map(({ package: { name } }) => ({ name: named || `${name}-${target}`, package: name, target })),
  )
  if (named !== '' && artifacts.length > 1) {
    throw new Refused(
      `\`artifact\` is one name (${named}), but this run has ${artifacts.length} artifacts: leave it out, and each is called <package>-<target>.`,
    )
  }
  return artifacts
}

function given(secret: unknown): string {
  return secret === '' ? 'not given' : 'given'
}
