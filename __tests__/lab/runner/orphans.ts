import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive, type ProcessId, processId } from '../ground/owner.ts'

/**
 * The runner marks what it starts by this variable, which children inherit, and ends all that carry it when a job is
 * over. Our marks also name who owns the run, so they need no record on disk: there is no moment between a process's
 * start and its being known, and whoever finds one later can tell whether its owner still lives.
 */
export const TRACKING_VARIABLE = 'RUNNER_TRACKING_ID'
const PREFIX = 'rust-deploy-lab'

export function trackingId(unique: string): string {
  return [PREFIX, process.pid, processId(process.pid)?.startedAt ?? '0', unique].join('/')
}

export type Orphan = { process: ProcessId; command: string }

/** Ends all processes of one run, as the runner does: with SIGKILL, and again until no new one is found. */
export async function endTracked(id: string): Promise<readonly Orphan[]> {
  return endAll((mark) => mark === id)
}

/** Ends what the runs of dead owners left behind. */
export async function sweepTracked(): Promise<void> {
  const here = pidNamespace('self')
  await endAll((mark, pid) => {
    const [prefix, owner, startedAt] = mark.split('/')
    if (prefix !== PREFIX || owner === undefined || startedAt === undefined) return false
    // Inside another pid namespace the owner's id has another meaning.
    return pidNamespace(pid) === here && !isAlive({ pid: Number(owner), startedAt })
  })
}

async function endAll(isOurs: (mark: string, pid: number) => boolean): Promise<readonly Orphan[]> {
  if (process.platform !== 'linux') return []
  const ended: Orphan[] = []
  // A process can start another while it is being ended.
  for (let round = 0; round < 50; round += 1) {
    const found = tracked(isOurs)
    if (found.length === 0) return ended
    for (const orphan of found) {
      if (!ended.some((known) => known.process.pid === orphan.process.pid)) ended.push(orphan)
      if (isAlive(orphan.process)) kill(orphan.process.pid)
    }
    await sleep(20)
  }
  throw new Error(`processes of the lab's runner could not be ended: ${ended.map(describe).join(', ')}`)
}

export function describe({ process: { pid }, command }: Orphan): string {
  return `pid (${pid}) (${command})`
}

function tracked(isOurs: (mark: string, pid: number) => boolean): Orphan[] {
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name)
    if (!Number.isInteger(pid) || pid === process.pid) return []
    const known = processId(pid)
    const mark = read(`/proc/${pid}/environ`)
      .split('\0')
      .find((variable) => variable.startsWith(`${TRACKING_VARIABLE}=`))
      ?.slice(TRACKING_VARIABLE.length + 1)
    if (known === undefined || mark === undefined || !isOurs(mark, pid)) return []
    return [{ process: known, command: read(`/proc/${pid}/comm`).trim() }]
  })
}

function pidNamespace(pid: number | 'self'): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`)
  } catch {
    return undefined
  }
}

/** Empty for a process that is gone or another user's: not ours in either case. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended by itself in this moment.
  }
}
