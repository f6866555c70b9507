import { parse } from 'node:path'
import type { Environment } from '../process/environment.ts'
import { Failed } from '../report/ending.ts'
import { oneLine } from './one-line.ts'
import { runWithin } from './within.ts'

export type DatabaseServer = {
  url: string
  environment: Environment
  /** How long it may take to answer. */
  patienceMs: number
  signal: AbortSignal
}

/**
 * Why the server of a database gives nothing, as git says it; undefined where it gives something, or where git cannot say.
 * cargo-audit needs no git, and would ask by itself, but it may not be here yet.
 */
export async function whyNoAnswer(options: DatabaseServer): Promise<string | undefined> {
  const { url, environment, patienceMs, signal } = options
  try {
    const exited = await runWithin(patienceMs, {
      file: 'git',
      args: ['ls-remote', '--quiet', '--', url, 'HEAD'],
      // Outside of the project, where git would find a login that is for the project's own server.
      cwd: parse(process.execPath).root,
      // It must not ask for a password that nobody can type.
      env: { ...environment, GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' },
      signal,
    })
    if (exited === 'overdue') return `its server gave no answer in ${Math.ceil(patienceMs / 1000)} s`
    if (exited.code === 0 || isAboutGit(exited.stderr)) return undefined
    const said = exited.stderr.slice(Math.max(exited.stderr.search(/^fatal: /m), 0)).replace(/^fatal: /, '')
    return oneLine(said, 600).replace(/\.$/, '') || 'git gave no reason'
  } catch (error) {
    if (error instanceof Failed) return undefined
    throw error
  }
}

/** cargo-audit brings its own authorities and its own https. */
function isAboutGit(stderr: string): boolean {
  return /certificate|SSL|TLS|remote helper|not a git command/i.test(stderr)
}
