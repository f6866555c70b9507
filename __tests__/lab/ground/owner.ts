import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ownedFolder } from './folders.ts'

/**
 * A process by its id and its start time, since ids are used again: the lab ends only what it can prove to be its own.
 */
export type ProcessId = { pid: number; startedAt: string }

/** What a part has taken from the machine, in the order in which it was taken; it is given back in reverse. */
export type Holding =
  | { kind: 'process'; process: ProcessId; group: boolean }
  | { kind: 'netns'; name: string }
  | { kind: 'link'; name: string }
  | { kind: 'mount'; path: string }
  | { kind: 'cgroup'; path: string }
  | { kind: 'folder'; path: string }

type OwnedRecord = { owner: ProcessId; part: string; holdings: Holding[] }

/** A process with its start time in clock ticks since boot, or undefined when there is none. */
export function processId(pid: number): ProcessId | undefined {
  // Only Linux says when a process began; elsewhere the parts that run hold nothing but folders.
  if (process.platform !== 'linux') return answers(pid) ? { pid, startedAt: 'unknown' } : undefined
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in the parentheses may hold anything, spaces and parentheses included.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const state = fields[0]
    const startedAt = fields[19]
    return startedAt === undefined || state === 'Z' || state === 'X' ? undefined : { pid, startedAt }
  } catch {
    return undefined
  }
}

function answers(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

export function isAlive(known: ProcessId): boolean {
  return processId(known.pid)?.startedAt === known.startedAt
}

/** The written record of what one part holds. It is on disk before the thing is taken, so that no kill can lose it. */
export class Ownership {
  readonly id: string
  readonly #path: string
  readonly #record: OwnedRecord

  constructor(part: string) {
    const owner = processId(process.pid) ?? { pid: process.pid, startedAt: '0' }
    this.id = `${part}-${process.pid.toString(36)}${Date.now().toString(36).slice(-5)}${nextNumber()}`
    this.#path = join(ownedFolder(), `${this.id}.json`)
    this.#record = { owner, part, holdings: [] }
    this.#write()
  }

  holds(holding: Holding): void {
    this.#record.holdings.push(holding)
    this.#write()
  }

  /** Gives everything back, last taken first, and forgets the record. What fails is thrown after all was tried. */
  async release(giveBack: (holding: Holding) => Promise<void>): Promise<void> {
    await releaseAll(this.#record.holdings, giveBack)
    rmSync(this.#path, { force: true })
  }

  #write(): void {
    // By a rename, so that no kill leaves half a record, which nobody could ever sweep.
    const next = `${this.#path}.next`
    writeFileSync(next, JSON.stringify(this.#record), { mode: 0o600 })
    renameSync(next, this.#path)
  }
}

/** The parts whose owner is gone. */
export function orphans(): { path: string; record: OwnedRecord }[] {
  return readdirSync(ownedFolder())
    .filter((name) => name.endsWith('.json'))
    .map((name) => join(ownedFolder(), name))
    .flatMap((path) => {
      const record = readRecord(path)
      return record !== undefined && !isAlive(record.owner) ? [{ path, record }] : []
    })
}

export async function releaseAll(
  holdings: readonly Holding[],
  giveBack: (holding: Holding) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = []
  for (const holding of holdings.toReversed()) {
    try {
      await giveBack(holding)
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'the lab could not give back everything that it took')
}

function readRecord(path: string): OwnedRecord | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as OwnedRecord
  } catch {
    // Removed meanwhile, by its owner or by another sweep.
    return undefined
  }
}

let numbers = 0
function nextNumber(): string {
  numbers += 1
  return numbers.toString(36)
}
