import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Github } from '../../__tests__/lab/github/github.ts'
import { startRunner } from '../../__tests__/lab/runner/runner.ts'
import type { Report } from '../../src/report/report.ts'
import type { Ground } from './ground.ts'
import { type Run, timed } from './measured.ts'

const ACTION = join(import.meta.dirname, '../..')
const RESTORING = ['restore-home', 'bring-dependencies', 'restore-dependencies']
const LONGEST_MS = 20 * 60_000

/** The action as a workflow runs it: its main and its post, in the runner's contract. */
export async function runOurs(ground: Ground, github: Github, target: string): Promise<Run & { report: Report }> {
  await using runner = await startRunner({
    action: ACTION,
    workspace: ground.checkout,
    env: ground.environment(),
    services: github.env(),
  })
  // What is made is left where it is, as the plain commands do.
  const inputs = { command: 'build', target, gates: 'fmt, clippy, test', cache: 'read-write', artifact: 'none' }
  const { seconds, result } = await timed(async () => {
    const main = await runner.runStep({ inputs, timeoutMs: LONGEST_MS }).done
    const posts = await runner.runPosts()
    return { main, posts }
  })
  const { main, posts } = result
  if ([main, ...posts].some(({ outcome }) => outcome !== 'success')) {
    throw new Error(`the action failed:\n${main.log.slice(-40).join('\n')}`)
  }
  const report: Report = JSON.parse(readFileSync(main.outputs['report'] ?? '', 'utf8'))
  const sum = (values: readonly (number | undefined)[]) => values.reduce<number>((all, each) => all + (each ?? 0), 0)
  const began = Date.parse(report.began) / 1000
  const restoring = report.steps
    .filter(({ name }) => RESTORING.includes(name))
    .map((step) => ({ began: began + step.startedAt / 1000, ended: began + step.startedAt / 1000 + step.seconds }))
  return {
    seconds,
    cargo: ground.watch.work(),
    ownSeconds: seconds - ground.watch.secondsWith(restoring),
    restoreSeconds: sum(report.caches.map((cache) => cache.restoreSeconds)),
    saveSeconds: sum(report.caches.map((cache) => cache.saveSeconds)),
    savedBytes: sum(report.caches.map((cache) => cache.savedBytes)),
    report,
  }
}
