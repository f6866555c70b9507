/** What a deploy needs of a host. */
export type Wanted = {
  app: string
  /** Who deploys there. */
  user: string
  units: readonly string[]
  bytes: number
  files: number
  /** The architecture of the binary, as its ELF header has it: `x86_64`. */
  machine: string
  libc: { kind: 'static' } | { kind: 'glibc'; version: string }
  /** What is asked whether the release is well: its answers, whether it accepts connections, or the unit alone. */
  health: 'http' | 'port' | 'none'
  /** The runner's clock, in seconds since 1970. */
  now: number
}

/** `code` is stable, `sentence` has the cause and what to do. After an error nothing may be changed on the host. */
export type Problem = { level: 'error' | 'warning'; code: string; sentence: string }

/** Of the `format` in the file that bootstrap writes. */
export const HOST_FORMAT = 1
/** Stands in a comment at the beginning of the guard's script: `# rust-deploy guard 1`. */
export const GUARD_VERSION = 1

export function error(code: string, sentence: string): Problem {
  return { level: 'error', code, sentence }
}

export function warning(code: string, sentence: string): Problem {
  return { level: 'warning', code, sentence }
}
