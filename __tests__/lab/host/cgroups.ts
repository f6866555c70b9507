import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Holding } from '../ground/owner.ts'
import { until } from './until.ts'

/** Where this machine has a hierarchy of control groups; `memory` and `name=systemd` are those of version 1. */
function hierarchy(kind: 'cgroup2' | 'memory' | 'name=systemd'): string | undefined {
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    const [mount, source] = line.split(' - ')
    const [type, , options] = source?.split(' ') ?? []
    const path = mount?.split(' ')[4]
    if (kind === 'cgroup2' ? type === kind : type === 'cgroup' && options?.split(',').includes(kind)) return path
  }
  return undefined
}

export function whyNoCgroups(): string | undefined {
  return hierarchy('cgroup2') === undefined ? 'it needs a cgroup2 hierarchy' : undefined
}

export function whyNoMemoryCap(): string | undefined {
  return hierarchy('memory') === undefined
    ? 'there is no memory hierarchy of version 1 here; MemoryMax= in a unit is enforced on such a machine'
    : undefined
}

/** All processes of one machine as one group: counted, frozen and ended together. */
export class MachineCgroup {
  readonly path: string
  readonly #name: string
  #caps = 0

  private constructor(root: string, name: string) {
    this.path = join(root, name)
    this.#name = name
  }

  static make(name: string, hold: (holding: Holding) => void): MachineCgroup {
    const root = hierarchy('cgroup2')
    if (root === undefined)
      throw new Error('this machine has no cgroup2 hierarchy: mount one at /sys/fs/cgroup/unified')
    const group = new MachineCgroup(root, name)
    // systemd-nspawn keeps a mirror there if there is such a hierarchy. Held first, so given back when all has ended.
    const mirror = hierarchy('name=systemd')
    if (mirror !== undefined) hold({ kind: 'cgroup', path: join(mirror, name) })
    hold({ kind: 'cgroup', path: group.path })
    mkdirSync(group.commands, { recursive: true })
    return group
  }

  /** Commands that come from outside: beside the tree that the machine's systemd rules, but frozen and ended with it. */
  get commands(): string {
    return join(this.path, 'commands')
  }

  /** The first process of the machine, once it is systemd. */
  get init(): number | undefined {
    const [pid] = pidsIn(join(this.path, 'payload/init.scope')).filter((candidate) => innerIds(candidate).at(-1) === 1)
    return pid
  }

  /** The id that a process of the machine has outside. */
  outerPid(pid: number): number | undefined {
    const depth = this.init === undefined ? 0 : innerIds(this.init).length
    return pidsBelow(this.path).find((candidate) => {
      const ids = innerIds(candidate)
      return ids.length === depth && ids.at(-1) === pid
    })
  }

  async freeze(frozen: boolean): Promise<void> {
    writeFileSync(join(this.path, 'cgroup.freeze'), frozen ? '1' : '0')
    const wanted = `frozen ${frozen ? 1 : 0}`
    await until(`${this.#name} to say ${wanted}`, () =>
      readFileSync(join(this.path, 'cgroup.events'), 'utf8').includes(wanted),
    )
  }

  /** Ends all at once, without a word to any of them. */
  async kill(): Promise<void> {
    writeFileSync(join(this.path, 'cgroup.kill'), '1')
    await until(`the processes of ${this.#name} to end`, () => pidsBelow(this.path).length === 0)
  }

  capMemory(outerPid: number, bytes: number, hold: (holding: Holding) => void): void {
    const root = hierarchy('memory')
    if (root === undefined) throw new Error(`the memory of ${outerPid} cannot be capped: ${whyNoMemoryCap()}`)
    this.#caps += 1
    const path = join(root, `${this.#name}-${this.#caps}`)
    hold({ kind: 'cgroup', path })
    mkdirSync(path)
    writeFileSync(join(path, 'memory.limit_in_bytes'), String(bytes))
    const withSwap = join(path, 'memory.memsw.limit_in_bytes')
    if (existsSync(withSwap)) writeFileSync(withSwap, String(bytes))
    writeFileSync(join(path, 'cgroup.procs'), String(outerPid))
  }
}

/** The ids of a process from ours to the innermost namespace. None when it has just ended. */
function innerIds(pid: number): number[] {
  const line = /^NSpid:\s*(.*)$/m.exec(readOrEmpty(`/proc/${pid}/status`))?.[1]
  return line === undefined ? [] : line.split(/\s+/).map(Number)
}

function pidsIn(path: string): number[] {
  return readOrEmpty(join(path, 'cgroup.procs')).split('\n').filter(Boolean).map(Number)
}

function pidsBelow(path: string): number[] {
  return [path, ...foldersBelow(path)].flatMap(pidsIn)
}

/** Groups come and go while they are read; what has gone holds nothing. */
function foldersBelow(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(path, entry.name))
      .flatMap((folder) => [folder, ...foldersBelow(folder)])
  } catch {
    return []
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
