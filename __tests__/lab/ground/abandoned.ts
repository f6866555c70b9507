import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ownedFolder } from './folders.ts'
import { type Holding, isAlive } from './owner.ts'

/**
 * Runs a script in a process of its own until it has said one line, and kills it there with SIGKILL. Gives what it held:
 * any other process of the tests may sweep it from then on.
 */
export async function abandoned(script: string): Promise<readonly Holding[]> {
  const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const said = once(createInterface({ input: child.stdout }), 'line')
  if ((await Promise.race([said, ended.then(() => undefined)])) === undefined)
    throw new Error('the process that should be killed ended by itself')
  const holdings = holdingsOf(child.pid)
  const missing = holdings.filter((holding) => !isThere(holding) && holding.kind !== 'cgroup')
  child.kill('SIGKILL')
  await ended
  if (missing.length > 0) throw new Error(`it held what was not there: ${JSON.stringify(missing)}`)
  return holdings
}

export function isThere(holding: Holding): boolean {
  switch (holding.kind) {
    case 'process':
      return isAlive(holding.process)
    case 'folder':
    case 'cgroup':
      return existsSync(holding.path)
    default:
      throw new Error(`nothing here looks after a ${holding.kind}`)
  }
}

function holdingsOf(pid: number | undefined): Holding[] {
  return readdirSync(ownedFolder()).flatMap((name) => {
    // The records of others come and go meanwhile.
    const path = join(ownedFolder(), name)
    const text = name.includes(`-${pid?.toString(36)}`) && existsSync(path) ? readFileSync(path, 'utf8') : '{}'
    const record = JSON.parse(text) as { owner?: { pid: number }; holdings?: Holding[] }
    return record.owner?.pid === pid ? (record.holdings ?? []) : []
  })
}
