import { accessSync, constants, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { Environment } from '../process/environment.ts'

/** The folders of the PATH, as the children will search them. */
export function searchedFolders(environment: Environment): string[] {
  return (environment[pathName(environment)] ?? '').split(delimiter).filter((folder) => folder !== '')
}

/** The folder of the PATH in which a program is found first. */
export function folderOf(program: string, environment: Environment): string | undefined {
  return searchedFolders(environment).find((folder) => hasProgram(folder, program))
}

export function hasProgram(folder: string, program: string): boolean {
  const path = join(folder, process.platform === 'win32' ? `${program}.exe` : program)
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** What a child must get so that it looks into this folder first. */
export function searchedFirst(folder: string, environment: Environment): Record<string, string> {
  const name = pathName(environment)
  return { [name]: environment[name] ? `${folder}${delimiter}${environment[name]}` : folder }
}

/** Where rustup puts itself and its stand-ins for cargo and rustc. */
export function cargoBin(environment: Environment): string {
  const home = environment['HOME'] || environment['USERPROFILE'] || homedir()
  return join(environment['CARGO_HOME'] || join(home, '.cargo'), 'bin')
}

/** Windows writes it as it likes. */
function pathName(environment: Environment): string {
  return Object.keys(environment).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH'
}
