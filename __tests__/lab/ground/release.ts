import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { removeCgroup } from './cgroup.ts'
import { attempt } from './command.ts'
import { type Holding, isAlive, orphans, type ProcessId, releaseAll } from './owner.ts'

/** How to give each kind of thing back. All of it can be done twice, and by another process than the one that took it. */
export async function giveBack(holding: Holding): Promise<void> {
  switch (holding.kind) {
    case 'process':
      await endProcess(holding.process, holding.group)
      return
    case 'netns':
      await tolerant(['ip', 'netns', 'delete', holding.name], /No such file/)
      return
    case 'link':
      await tolerant(['ip', 'link', 'delete', holding.name], /Cannot find device/)
      return
    case 'mount':
      await tolerant(['umount', '--recursive', '--lazy', holding.path], /not mounted|no mount point|not found/)
      return
    case 'cgroup':
      await removeCgroup(holding.path)
      return
    case 'folder':
      rmSync(holding.path, { recursive: true, force: true, maxRetries: 5 })
      return
  }
}

/** Removes what dead owners left. Every part calls it before it starts. */
export async function sweep(): Promise<void> {
  const failures: unknown[] = []
  for (const { path, record } of orphans()) {
    try {
      await releaseAll(record.holdings, giveBack)
      rmSync(path, { force: true })
    } catch (error) {
      // The others must not wait for this one.
      failures.push(new Error(`what ${path} names could not be given back`, { cause: error }))
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, failures.map(String).join('\n'))
}

/** SIGTERM, then after 3 seconds SIGKILL; returns when the process is gone. Only ever the very process that is named. */
export async function endProcess(known: ProcessId, group: boolean): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!isAlive(known)) return
    try {
      process.kill(group ? -known.pid : known.pid, signal)
    } catch {
      return
    }
    for (let waited = 0; waited < 3000 && isAlive(known); waited += 20) await sleep(20)
  }
  if (isAlive(known)) throw new Error(`process ${known.pid} could not be ended`)
}

async function tolerant(argv: readonly [string, ...string[]], gone: RegExp): Promise<void> {
  const said = await attempt(argv)
  if (said.code !== 0 && !gone.test(said.stderr)) throw new Error(`${argv.join(' ')}: ${said.stderr.trim()}`)
}
