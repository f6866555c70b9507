export type GateName = 'fmt' | 'clippy' | 'test' | 'audit' | 'deny'

/** A gate of this run, and whether what it finds stops the run. */
export type Gate = {
  name: GateName
  mode: 'deny' | 'warn'
  /** The tests are run by nextest, whether the project has a configuration of it or not. */
  nextest: boolean
}

const NAMES: readonly GateName[] = ['fmt', 'clippy', 'test', 'audit', 'deny']

/** Reads the setting `gates`, whose items were checked when it was settled. */
export function wantedGates(settings: { gates: readonly string[] }): Gate[] {
  const has = (item: string) => settings.gates.includes(item)
  return NAMES.flatMap((name): Gate[] => {
    const nextest = has(`${name}:nextest`)
    if (has(name) || nextest) return [{ name, mode: 'deny', nextest }]
    return has(`${name}:warn`) ? [{ name, mode: 'warn', nextest }] : []
  })
}
