import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { run, type Said } from '../ground/command.ts'
import { runningFolder } from '../ground/folders.ts'
import { isAlive, Ownership, processId } from '../ground/owner.ts'
import { debianPackages, whyNoDebianRoot } from '../ground/packages.ts'
import { giveBack, sweep } from '../ground/release.ts'
import { baseTree } from './base.ts'
import { MachineCgroup, whyNoCgroups } from './cgroups.ts'
import { makeDisks } from './disks.ts'
import { fillDisk, freeDisk } from './fill.ts'
import { type ExecOptions, Machine } from './machine.ts'
import { HostNetwork } from './network.ts'
import { until } from './until.ts'

export type HostOptions = {
  /** The size of the disk at /srv; 1 GiB. */
  srvBytes?: number
}

/** A server of a team: Debian 12, systemd, sshd, sudo, journald, a disk at /srv. */
export type Host = {
  name: string
  address: string
  sshPort: number
  /** As it stands in a known_hosts file after the address: the kind and the key. */
  hostKey: string
  /** How the host reaches this machine. */
  machineAddress: string
  /** For files of a test that belong to this host; gone with it. */
  folder: string
  /** As root, or as `user`, from outside: works without ssh and network. */
  exec(argv: readonly [string, ...string[]], options?: ExecOptions): Promise<Said>
  /** The same, but an exit code other than 0 throws; gives what it wrote to stdout. */
  run(argv: readonly [string, ...string[]], options?: ExecOptions): Promise<string>
  /** Lets the owner of a key log in as a user that the host has. */
  authorize(user: string, publicKey: string): Promise<void>
  reboot(): Promise<void>
  reset(): Promise<void>
  /** When sshd listens and users may log in, after a reboot that something else asked for. */
  whenUp(): Promise<void>
  /** The main process of a unit, or the process with this id in the host. Gives the id of what was killed. */
  kill9(target: string | number): Promise<number>
  /** Stops all its processes where they are; connections stay open. */
  pause(): Promise<void>
  resume(): Promise<void>
  /** Leaves not one block on the disk that holds a path (/srv). / is another disk than /srv. */
  fillDisk(path?: string): Promise<void>
  freeDisk(path?: string): Promise<void>
  /** Limits what a process and its later children take from now on; past it the kernel kills. */
  capMemory(pid: number, bytes: number): void
  network: { cut(): Promise<void>; restore(): Promise<void> }
  /** A cable of their own between two hosts, which otherwise do not reach each other. */
  join(other: Host): Promise<void>
}

const networks = new WeakMap<Host, HostNetwork>()

/** What a machine needs to carry hosts. */
export async function prepareHosts(): Promise<string> {
  await debianPackages('debootstrap', 'e2fsprogs', 'iproute2', 'nftables', 'openssh-client', 'systemd-container')
  return baseTree()
}

export function whyNoHosts(): string | undefined {
  return whyNoDebianRoot() ?? whyNoCgroups()
}

export async function startHost(options: HostOptions = {}): Promise<Host & AsyncDisposable> {
  await sweep()
  const base = await prepareHosts()
  const ownership = new Ownership('host')
  try {
    return await started(ownership, base, options)
  } catch (error) {
    await ownership.release(giveBack)
    throw error
  }
}

async function started(ownership: Ownership, base: string, options: HostOptions): Promise<Host & AsyncDisposable> {
  const name = ownership.id
  const hold = ownership.holds.bind(ownership)
  const folder = join(runningFolder(), name)
  hold({ kind: 'folder', path: folder })
  mkdirSync(folder)

  const network = await HostNetwork.make(name, name.slice('host-'.length), hold)
  const hostKey = await makeIdentity(folder, name, options.srvBytes ?? 1024 ** 3)
  const cgroup = MachineCgroup.make(name, hold)
  const machine = new Machine({ name, folder, base, cgroup, netns: network.path })
  try {
    await machine.boot()
  } catch (error) {
    machine.stop()
    throw error
  }

  const exec = machine.exec.bind(machine)
  const mustRun: Host['run'] = async (argv, execOptions) => {
    const said = await exec(argv, execOptions)
    if (said.code === 0) return said.stdout
    throw new Error(`${argv.join(' ')} ended with ${said.code} in ${name}\n${said.stdout}${said.stderr}`)
  }
  const outerPid = (pid: number): number => {
    const outer = cgroup.outerPid(pid)
    if (outer === undefined) throw new Error(`${name} has no process ${pid}`)
    return outer
  }

  const host: Host & AsyncDisposable = {
    name,
    address: network.address,
    sshPort: 22,
    hostKey,
    machineAddress: network.machineAddress,
    folder,
    exec,
    run: mustRun,
    authorize: async (user, publicKey) => {
      await mustRun(['sh', '-c', AUTHORIZE, 'sh', user], { input: `${publicKey.trim()}\n` })
    },
    reboot: () => machine.reboot(),
    reset: () => machine.reset(),
    whenUp: () => machine.whenUp(),
    kill9: async (target) => {
      const pid = typeof target === 'number' ? target : await mainPid(mustRun, target)
      const outer = outerPid(pid)
      const known = processId(outer)
      process.kill(outer, 'SIGKILL')
      await until(`process ${pid} of ${name} to end`, () => known === undefined || !isAlive(known))
      return pid
    },
    pause: () => cgroup.freeze(true),
    resume: () => cgroup.freeze(false),
    fillDisk: (path = '/srv') => fillDisk(exec, path),
    freeDisk: (path = '/srv') => freeDisk(exec, path),
    capMemory: (pid, bytes) => cgroup.capMemory(outerPid(pid), bytes, hold),
    network: { cut: () => network.cut(), restore: () => network.restore() },
    join: async (other) => {
      const others = networks.get(other)
      if (others === undefined) throw new Error(`${other.name} is no host of this process`)
      await network.join(others)
    },
    [Symbol.asyncDispose]: async () => {
      machine.stop()
      await ownership.release(giveBack)
    },
  }
  networks.set(host, network)
  return host
}

/** The disks with what makes this host another than the rest; gives its public host key. */
async function makeIdentity(folder: string, name: string, srvBytes: number): Promise<string> {
  const key = join(folder, 'host-key')
  await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', key])
  const publicKey = readFileSync(`${key}.pub`, 'utf8')
  await makeDisks(folder, srvBytes, [
    { path: 'etc/hostname', content: `${name}\n`, mode: 0o644 },
    { path: 'etc/hosts', content: `127.0.0.1 localhost\n::1 localhost\n127.0.1.1 ${name}\n`, mode: 0o644 },
    { path: 'etc/machine-id', content: `${randomUUID().replaceAll('-', '')}\n`, mode: 0o444 },
    { path: 'etc/ssh/ssh_host_ed25519_key', content: readFileSync(key), mode: 0o600 },
    { path: 'etc/ssh/ssh_host_ed25519_key.pub', content: publicKey, mode: 0o644 },
  ])
  return publicKey.split(' ', 2).join(' ')
}

async function mainPid(mustRun: Host['run'], unit: string): Promise<number> {
  const pid = Number(await mustRun(['systemctl', 'show', '--property=MainPID', '--value', '--', unit]))
  if (pid === 0) throw new Error(`${unit} has no main process: it does not run`)
  return pid
}

const AUTHORIZE = `
set -eu
entry=$(getent passwd -- "$1") || { echo "there is no user $1" >&2; exit 1; }
home=$(printf %s "$entry" | cut -d: -f6)
group=$(id -g -- "$1")
install -d -m 700 -o "$1" -g "$group" "$home/.ssh"
cat >> "$home/.ssh/authorized_keys"
chown "$1:$group" "$home/.ssh/authorized_keys"
chmod 600 "$home/.ssh/authorized_keys"
`
