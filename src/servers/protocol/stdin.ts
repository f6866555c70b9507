import { END_OF_SCRIPT } from './loader.ts'

export type Parameters = Readonly<Record<string, string>>

/** What comes before the payload of a call: the script, and its parameters, which stand in no command line. */
export function headOf(script: string, parameters: Parameters): string {
  return `${script.trimEnd()}\n${END_OF_SCRIPT}\n${linesOf(parameters)}\n`
}

function linesOf(parameters: Parameters): string {
  return Object.entries(parameters)
    .map(([name, value]) => {
      // Names are ours; a value with several lines belongs into the payload.
      if (!/^[a-z][a-z0-9_]*$/.test(name)) throw new Error(`${name} is no name of a parameter`)
      if (/[\n\0]/.test(value)) throw new Error(`the parameter ${name} has several lines`)
      return `${name}=${value}\n`
    })
    .join('')
}
