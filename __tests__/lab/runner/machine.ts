import { KEPT_NAMES } from '../ground/machine.ts'

/**
 * The little of this machine that a step may see. Everything else that stands in the environment of the tests would be
 * something that the action finds here and misses on GitHub.
 */
const BASICS = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LANGUAGE', 'LC_ALL', 'LC_CTYPE', 'TZ', 'TMPDIR']

export function machineVariables(own: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    [...BASICS, ...KEPT_NAMES].flatMap((name) => {
      const value = own[name]
      return value === undefined ? [] : [[name, value] as const]
    }),
  )
}

const SYSTEMS = new Map([
  ['linux', 'Linux'],
  ['darwin', 'macOS'],
])

export function runnerOs(): string {
  return SYSTEMS.get(process.platform) ?? 'Windows'
}

export function runnerArch(): string {
  return process.arch.toUpperCase()
}

/** The Node of the contract, which the project's own scripts put first on the PATH. */
export function node24(): string {
  if (process.versions.node.startsWith('24.')) return process.execPath
  throw new Error(
    `actions run on Node 24 and this is ${process.version}: start the lab through npm, or name a \`node\``,
  )
}
