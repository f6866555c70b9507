import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { attempt, type Options, run, type Said } from '../ground/command.ts'
import { runningFolder } from '../ground/folders.ts'
import { isAlive, Ownership } from '../ground/owner.ts'
import { debianPackages, whyNoDebianRoot } from '../ground/packages.ts'
import { giveBack, sweep } from '../ground/release.ts'
import { unpackedPackages } from '../ground/unpacked.ts'
import { startCapsule } from './capsule.ts'
import { cgroupHierarchies } from './hierarchies.ts'

/**
 * A daemon without networks: its containers have none, or this machine's with `--network host`. So two daemons do not
 * fight for a bridge, an address or a firewall rule. A build step under BuildKit needs `--network none` or `host`.
 */
export type Docker = AsyncDisposable & {
  /** As DOCKER_HOST takes it. */
  socket: string
  /** Debian's client, which has BuildKit built in; a newer one on the PATH would look for its plugin. */
  client: string
  /** What the client needs, and nothing of the user's own Docker. */
  env: Readonly<Record<string, string>>
  /** `docker` with these arguments; what it wrote to stdout. An exit code other than 0 throws. */
  run(args: readonly string[], options?: Omit<Options, 'env'>): Promise<string>
  attempt(args: readonly string[], options?: Omit<Options, 'env'>): Promise<Said>
  log: readonly string[]
}

/** The folder with the programs, and busybox-static to have something that runs in an empty image. */
export async function prepareDocker(): Promise<string> {
  await debianPackages('busybox-static', 'libdevmapper1.02.1', 'libseccomp2', 'libsystemd0')
  return join(await unpackedPackages('docker.io', 'containerd', 'runc', 'tini'), 'usr')
}

export function whyNoDocker(): string | undefined {
  return whyNoDebianRoot() ?? (cgroupHierarchies().length === 0 ? 'it needs control groups' : undefined)
}

/** A dockerd with its own containerd, images and containers, which all end with it. */
export async function startDocker(): Promise<Docker> {
  await sweep()
  const programs = await prepareDocker()
  const ownership = new Ownership('docker')
  try {
    return await started(ownership, programs)
  } catch (error) {
    await ownership.release(giveBack)
    throw error
  }
}

async function started(ownership: Ownership, programs: string): Promise<Docker> {
  const folder = join(runningFolder(), ownership.id)
  ownership.holds({ kind: 'folder', path: folder })
  mkdirSync(folder, { mode: 0o700 })
  mkdirSync(join(folder, 'client'))
  for (const path of cgroupHierarchies()) ownership.holds({ kind: 'cgroup', path: join(path, ownership.id) })

  const socket = `unix://${join(folder, 'docker.sock')}`
  const path = `${programs}/bin:${programs}/sbin:/usr/sbin:/usr/bin:/sbin:/bin`
  const { program, init } = await startCapsule(ownership, {
    init: join(programs, 'bin/docker-init'),
    argv: ['dockerd', ...daemonArguments(folder, socket, ownership.id)],
    env: { PATH: path, ...NO_OUTSIDE },
    cwd: folder,
  })
  await program.said(/API listen on/, 60_000)

  const client = join(programs, 'bin/docker')
  const env = { PATH: path, DOCKER_HOST: socket, DOCKER_CONFIG: join(folder, 'client'), DOCKER_BUILDKIT: '1' }
  return {
    socket,
    client,
    env,
    log: program.lines,
    run: (args, options) => run([client, ...args], { ...options, env }),
    attempt: (args, options) => attempt([client, ...args], { ...options, env }),
    async [Symbol.asyncDispose]() {
      // A graceful end would give every container ten seconds, and nothing of it is kept.
      if (isAlive(init)) process.kill(init.pid, 'SIGKILL')
      await ownership.release(giveBack)
    },
  }
}

/** An image that is not there is an error at once, not a call to the internet: only loopback needs no proxy. */
const NO_OUTSIDE = { HTTP_PROXY: 'http://127.0.0.1:9', HTTPS_PROXY: 'http://127.0.0.1:9', NO_PROXY: '127.0.0.0/8' }

function daemonArguments(folder: string, socket: string, name: string): string[] {
  const config = join(folder, 'daemon.json')
  // Without this it makes a key in /etc/docker.
  writeFileSync(config, JSON.stringify({ 'deprecated-key-path': join(folder, 'key.json') }))
  return [
    ...['--config-file', config, '--host', socket, '--group', 'root'],
    ...['--data-root', join(folder, 'data'), '--exec-root', '/run/docker', '--pidfile', '/run/docker.pid'],
    ...['--bridge', 'none', '--iptables=false', '--ip-forward=false', '--ip-masq=false', '--userland-proxy=false'],
    // systemd's groups would need a systemd, and are not removed with ours.
    ...['--exec-opt', 'native.cgroupdriver=cgroupfs', '--cgroup-parent', `/${name}`],
    ...['--shutdown-timeout', '1'],
  ]
}
