import { join } from 'node:path'
import { attempt } from '../../ground/command.ts'
import type { Workplace } from './workplace.ts'

export type Call = { toolkit: 'cache' | 'artifact'; name: string; args: readonly unknown[] }
export type Result = { value?: unknown; error?: string }

/** What the calls gave, and all that the toolkit logged meanwhile. */
export type Judged = { results: readonly Result[]; log: string }

export function cache(name: 'saveCache' | 'restoreCache', ...args: unknown[]): Call {
  return { toolkit: 'cache', name, args }
}

export function artifact(
  name: 'uploadArtifact' | 'listArtifacts' | 'getArtifact' | 'downloadArtifact' | 'deleteArtifact',
  ...args: unknown[]
): Call {
  return { toolkit: 'artifact', name, args }
}

/** Lets the unmodified toolkits make these calls, one after the other, as an action in this workplace would. */
export async function judge(at: Workplace, services: Record<string, string>, ...calls: Call[]): Promise<Judged> {
  const said = await attempt([process.execPath, join(import.meta.dirname, 'toolkit-child.ts')], {
    cwd: at.workspace,
    env: { ...machine(), ...runner(at), ...services },
    input: JSON.stringify(calls),
    timeoutMs: 240_000,
  })
  const log = said.stdout + said.stderr
  const [, results] = /^@results (.*)$/m.exec(said.stdout) ?? []
  if (said.code !== 0 || results === undefined) throw new Error(`the toolkit ended with ${said.code}\n${log}`)
  return { results: JSON.parse(results), log }
}

/** What programs such as tar need on each system; nothing else of our own environment may reach the toolkits. */
function machine(): Record<string, string | undefined> {
  const { PATH, Path, HOME, USERPROFILE, SystemRoot, TEMP, TMP } = process.env
  return { PATH: PATH ?? Path, HOME, USERPROFILE, SystemRoot, TEMP, TMP }
}

function runner(at: Workplace): Record<string, string> {
  return {
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_REPOSITORY: 'octo/hello',
    GITHUB_RUN_ID: '1',
    GITHUB_RETENTION_DAYS: '90',
    GITHUB_WORKSPACE: at.workspace,
    RUNNER_TEMP: at.temp,
  }
}
