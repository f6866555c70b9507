export type GateName = 'fmt' | 'clippy' | 'test' | 'audit' | 'deny'

/** A gate of this run, and whether what it finds stops the run. */
export type Gate = { name: GateName; mode: 'deny' | 'warn' }

const NAMES: readonly GateName[] = ['fmt', 'clippy', 'test', 'audit', 'deny']

/** Reads the setting `gates`, whose items were checked when it was settled. */
export function wantedGates(settings: { gates: readonly string[] }): Gate[] {
  return NAMES.flatMap((name): Gate[] => {
    if (settings.gates.includes(name)) return [{ name, mode: 'deny' }]
    return settings.gates.includes(`${name}:warn`) ? [{ name, mode: 'warn' }] : []
  })
}
