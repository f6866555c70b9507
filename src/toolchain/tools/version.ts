import { runCommand } from '../../process/command.ts'
import type { Environment } from '../../process/environment.ts'
import { Cancelled } from '../../report/ending.ts'

/** A program that says its version does so at once. */
const LONGEST_MS = 30_000

export type Asking = {
  program: string
  args: readonly string[]
  environment: Environment
  signal: AbortSignal
}

/** What a program says its version is; undefined when it does not run here, or says none. */
export async function versionOf({ program, args, environment, signal }: Asking): Promise<string | undefined> {
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(LONGEST_MS)])
  const outcome = await runCommand({ file: program, args, env: environment, signal: bounded })
  if (signal.aborted) throw new Cancelled(`${program} was stopped.`)
  return outcome.kind === 'exited' && outcome.code === 0 ? versionIn(outcome.stdout) : undefined
}

/** The first version in a text, with what marks one that is not a release. */
export function versionIn(text: string): string | undefined {
  return /(?<![\w.])\d{1,6}\.\d{1,6}\.\d{1,6}(?:-[\w.]+)?/.exec(text)?.[0]
}

/**
 * Whether a program of the machine may stand in for the pinned one: a release of the same line, as Cargo draws lines
 * (`0.22`, or `1`), and not an older one. Within a line nothing that we pass or read should change; an older one may lack it.
 */
export function fits(version: string, pinned: string): boolean {
  const [major = 0, minor = 0, patch = 0] = numbersOf(version)
  const [pinnedMajor = 0, pinnedMinor = 0, pinnedPatch = 0] = numbersOf(pinned)
  if (version.includes('-') || major !== pinnedMajor) return false
  if (minor === pinnedMinor) return patch >= pinnedPatch
  return major > 0 && minor > pinnedMinor
}

function numbersOf(version: string): number[] {
  return version.split('.', 3).map(Number)
}
