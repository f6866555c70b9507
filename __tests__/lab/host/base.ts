import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { removeFolder } from '../../remove-folder.ts'
import { cached } from '../ground/cached.ts'
import { run } from '../ground/command.ts'

/** A small Debian server, as a team would rent it; what else is here is for the tests (busybox, netcat). */
const PACKAGES = [
  'busybox',
  'ca-certificates',
  'curl',
  'dbus',
  'iproute2',
  'libnss-systemd',
  'libpam-systemd',
  'netcat-openbsd',
  'openssh-server',
  'procps',
  'sudo',
  'systemd',
  'systemd-sysv',
]

/** Nobody sits at these machines, and they reach no package archive. */
const MASKED = [
  'apt-daily-upgrade.timer',
  'apt-daily.timer',
  'console-getty.service',
  'e2scrub_all.timer',
  'fstrim.timer',
  'systemd-timesyncd.service',
]

const RECIPE = { version: 1, suite: 'bookworm', arch: process.arch, packages: PACKAGES, masked: MASKED }

/** The tree that all hosts share and none changes. */
export function baseTree(): Promise<string> {
  return cached('host-base', RECIPE, makeTree)
}

async function makeTree(tree: string): Promise<void> {
  const debootstrap = ['debootstrap', '--variant=minbase', `--include=${PACKAGES.join(',')}`, RECIPE.suite, '/mnt']
  await run([...confined, 'sh', '-c', AT_MNT, 'sh', tree, ...debootstrap], { timeoutMs: 900_000 })
  // What debootstrap took from this machine, and what must differ from host to host.
  for (const name of ['hostname', 'resolv.conf', 'machine-id']) rmSync(join(tree, 'etc', name), { force: true })
  // Without any resolver a look-up fails at once instead of waiting for one that is out of reach.
  writeFileSync(join(tree, 'etc/resolv.conf'), '')
  chmodSync(join(tree, 'etc/resolv.conf'), 0o644)
  for (const kind of ['rsa', 'ecdsa', 'ed25519']) {
    rmSync(join(tree, `etc/ssh/ssh_host_${kind}_key`), { force: true })
    rmSync(join(tree, `etc/ssh/ssh_host_${kind}_key.pub`), { force: true })
  }
  for (const unit of MASKED) {
    rmSync(join(tree, 'etc/systemd/system', unit), { force: true })
    symlinkSync('/dev/null', join(tree, 'etc/systemd/system', unit))
  }
  for (const folder of ['var/cache/apt/archives', 'var/lib/apt/lists']) {
    removeFolder(join(tree, folder))
    mkdirSync(join(tree, folder, 'partial'), { recursive: true })
  }
  chmodSync(tree, 0o755)
}

/** debootstrap fails in a folder whose name has a space; the mount is seen by it alone. */
const AT_MNT = 'mount --bind "$1" /mnt && shift && exec "$@"'

/**
 * In namespaces of its own and tied to our life: when we are killed, every process of it dies too and what it has
 * mounted is gone, so that the next try finds a folder that it can delete.
 */
const confined = [
  ...['setpriv', '--pdeathsig', 'KILL'],
  ...['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'],
] as const satisfies readonly [string, ...string[]]
