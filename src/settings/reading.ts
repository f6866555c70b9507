import type { Name } from './table.ts'

/** A value as somebody wrote it, and where: what an error message must name. */
export type Given = { name: Name; value: unknown; origin: string }

/** Cargo.toml speaks for every run of the project, a door only for this one. */
export function standsInCargo(origin: string): boolean {
  return origin.startsWith('[')
}

/** What one source says. A source reports everything that is wrong with it, never only the first thing. */
export type Reading = { given: readonly Given[]; problems: readonly string[] }
