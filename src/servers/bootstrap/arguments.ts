import { Refused } from '../../report/ending.ts'
import { isUnwritable } from './plan.ts'

/** Arguments behind the program of an `ExecStart=`, so that systemd passes on exactly these. */
export function writeExecArguments(args: readonly string[]): string {
  return args
    .map((each) => ` "${each.replaceAll(/["\\]/g, '\\$&').replaceAll('%', '%%').replaceAll('$', '$$$$')}"`)
    .join('')
}

/** The variable in `ARGUMENTS_FILE` that the smoke and migrate units split into arguments. */
export const ARGUMENTS_VARIABLE = 'RUST_DEPLOY_ARGUMENTS'

export type Trial = 'smoke' | 'migrate'

/** In a release: what its program is tried with, or migrates with. */
export function argumentsFileName(trial: Trial): string {
  return `${trial}.arguments`
}

/**
 * That file. systemd reads it as an environment, and then splits the value at blanks, with quotes and backslashes: so each
 * argument is quoted twice, and no shell is in between.
 */
export function writeArgumentsFile(args: readonly string[]): string {
  const wrong = args.find(isUnwritable)
  if (wrong !== undefined) {
    throw new Refused(
      `The argument ${JSON.stringify(wrong)} has a control character in it, which a unit cannot be given: pass it in the environment.`,
    )
  }
  const words = args.map((each) => `"${each.replaceAll(/["\\]/g, '\\$&')}"`).join(' ')
  return `${ARGUMENTS_VARIABLE}="${words.replaceAll(/["\\$\x60]/g, '\\$&')}"\n`
}
