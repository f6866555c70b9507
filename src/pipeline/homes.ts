import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Environment } from '../process/environment.ts'

/** Where cargo and rustup keep what they bring, by the names that people know. */
export function homesOf({ environment }: { environment: Environment }): { CARGO_HOME: string; RUSTUP_HOME: string } {
  const home = environment['HOME'] || environment['USERPROFILE'] || homedir()
  return {
    CARGO_HOME: environment['CARGO_HOME'] || join(home, '.cargo'),
    RUSTUP_HOME: environment['RUSTUP_HOME'] || join(home, '.rustup'),
  }
}
