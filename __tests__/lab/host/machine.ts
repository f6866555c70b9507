import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { attempt, type Said } from '../ground/command.ts'
import type { MachineCgroup } from './cgroups.ts'
import { until } from './until.ts'

export type ExecOptions = {
  input?: string | Uint8Array
  /** A user of the machine; root if there is none. */
  user?: string
  timeoutMs?: number
}

type Parts = { name: string; folder: string; base: string; cgroup: MachineCgroup; netns: string }

/** systemd-nspawn ends with this when the machine inside asks to be started again. */
const REBOOT = 133
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Enters the group of processes before it becomes the command; a group that is gone ends it. */
const ENTER = 'echo 0 > "$1/cgroup.procs" && shift && exec "$@"'

/** A machine whose first process is systemd. It dies with the process that started it. */
export class Machine {
  readonly #parts: Parts
  #process: ChildProcess | undefined
  #wanted = true

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Boots, and waits until every unit is up. */
  async boot(): Promise<void> {
    this.#spawn()
    await this.whenUp()
    const state = await this.exec(['systemctl', 'is-system-running', '--wait'])
    if (state.stdout.trim() === 'running') return
    const failed = await this.exec(['systemctl', 'list-units', '--failed', '--no-legend'])
    throw new Error(`${this.#parts.name} is ${state.stdout.trim()} after its boot: ${failed.stdout}${this.#console()}`)
  }

  /** When sshd listens and users may log in; other units may still be starting. */
  async whenUp(): Promise<void> {
    await this.#upSince(undefined)
  }

  /** What an administrator's `reboot` does: units are stopped in order, then systemd starts anew. */
  async reboot(): Promise<void> {
    const before = this.#parts.cgroup.init
    const said = await this.exec(['systemctl', '--no-block', 'reboot'])
    if (said.code !== 0) throw new Error(`${this.#parts.name} refused to reboot: ${said.stderr}`)
    await this.#upSince(before)
  }

  /** What the reset button does: every process dies in the same moment, then the machine boots, also one that was off. */
  async reset(): Promise<void> {
    const process = this.#process
    const runs = process !== undefined && process.exitCode === null && process.signalCode === null
    const ended = runs ? once(process, 'exit') : undefined
    const before = this.#parts.cgroup.init
    await this.#parts.cgroup.kill()
    await ended
    await this.#restart()
    await this.#upSince(before)
  }

  /** Nothing boots any more; the processes end with their group. */
  stop(): void {
    this.#wanted = false
  }

  /** Runs a command inside, from outside: no login, no network. Its end is told whatever the exit code is. */
  async exec(argv: readonly [string, ...string[]], options: ExecOptions = {}): Promise<Said> {
    const { name, cgroup } = this.#parts
    const init = cgroup.init
    if (init === undefined) throw new Error(`${name} is not up${this.#console()}`)
    const as = options.user === undefined ? [] : ['runuser', '-u', options.user, '--', 'setpriv', '--reset-env', '--']
    const inside = ['nsenter', '--all', '--target', String(init), ...as, ...argv]
    return attempt(['sh', '-c', ENTER, 'sh', cgroup.commands, ...inside], {
      env: { PATH, HOME: '/root', USER: 'root', LOGNAME: 'root', LANG: 'C.UTF-8' },
      ...(options.input !== undefined && { input: options.input }),
      ...(options.timeoutMs !== undefined && { timeoutMs: options.timeoutMs }),
    })
  }

  async #upSince(before: number | undefined): Promise<void> {
    const { name, cgroup } = this.#parts
    try {
      await until(`${name} to be up`, () => {
        const init = cgroup.init
        // This file refuses logins while the machine starts or stops; it is there before sshd is.
        return (
          init !== undefined && init !== before && sshdListens(init) && !existsSync(`/proc/${init}/root/run/nologin`)
        )
      })
    } catch (error) {
      throw new Error(`${name} did not come up${this.#console()}`, { cause: error })
    }
  }

  #spawn(): void {
    const { name, folder, base, cgroup, netns } = this.#parts
    const log = openSync(join(folder, 'console.log'), 'a')
    // In process namespaces of its own, so that nothing of it can outlive us, even when we are killed.
    const confined = [
      ...['--pdeathsig', 'KILL'],
      ...['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'],
    ]
    const script = [fileURLToPath(new URL('machine.sh', import.meta.url)), folder, base, cgroup.path]
    const nspawn = [
      ...['systemd-nspawn', '--quiet', '--settings=no', '--boot', '--register=no', '--keep-unit'],
      ...[`--directory=${join(folder, 'root')}`, `--machine=${name}`, `--network-namespace-path=${netns}`],
      ...['--capability=CAP_NET_ADMIN', '--resolv-conf=off', '--timezone=off', '--link-journal=no'],
    ]
    const child = spawn('setpriv', [...confined, 'sh', ...script, ...nspawn], {
      // A Ctrl-C at the terminal is for us; we end it.
      detached: true,
      stdio: ['ignore', log, log],
      env: {
        PATH,
        // As on a Debian 12 server: one hierarchy of control groups, and /tmp on the disk.
        UNIFIED_CGROUP_HIERARCHY: '1',
        SYSTEMD_NSPAWN_TMPFS_TMP: '0',
      },
    })
    closeSync(log)
    this.#process = child
    child.once('exit', (code) => {
      if (code === REBOOT) void this.#restart().catch(() => this.stop())
    })
  }

  async #restart(): Promise<void> {
    // The kernel lets go of the disks a moment after the last process has ended.
    await until(`the disks of ${this.#parts.name} to be free`, async () => {
      const inUse = await Promise.all(
        ['system.img', 'srv.img'].map((image) => attempt(['losetup', '-j', join(this.#parts.folder, image)])),
      )
      return inUse.every(({ stdout }) => stdout === '')
    })
    if (this.#wanted) this.#spawn()
  }

  #console(): string {
    try {
      return `\nits console ends with:\n${readFileSync(join(this.#parts.folder, 'console.log'), 'utf8').slice(-2000)}`
    } catch {
      return ''
    }
  }
}

/** Looked up in the kernel's table and not asked over the network, which a test may have cut. */
function sshdListens(init: number): boolean {
  const LISTENING_ON_22 = /^ *\d+: [0-9A-F]+:0016 [0-9A-F]+:0000 0A /m
  try {
    return ['tcp', 'tcp6'].some((table) => LISTENING_ON_22.test(readFileSync(`/proc/${init}/net/${table}`, 'utf8')))
  } catch {
    return false
  }
}
