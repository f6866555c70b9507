import { lockOf } from '../made-project.ts'

/** A lock file in which the first package uses the second. */
export function lockWithUse(user: string, used: string, ...others: readonly string[]): string {
  const named = `name = "${user}"\nversion = "0.1.0"\n`
  return lockOf(user, used, ...others).replace(named, `${named}dependencies = [\n "${used}",\n]\n`)
}
