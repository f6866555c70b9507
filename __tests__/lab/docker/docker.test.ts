import { copyFileSync, existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { removeFolder } from '../../remove-folder.ts'
import { abandoned, isThere } from '../ground/abandoned.ts'
import { run } from '../ground/command.ts'
import { ownedFolder, runningFolder } from '../ground/folders.ts'
import { need } from '../ground/need.ts'
import { startRegistry } from '../registry/registry.ts'
import { type Docker, startDocker, whyNoDocker } from './docker.ts'
import { cgroupHierarchies } from './hierarchies.ts'
import { dockerPart } from './part.ts'

let context = ''
beforeEach((test) => {
  need(test, 'docker', whyNoDocker())
  context = mkdtempSync(join(tmpdir(), 'docker-'))
})
afterEach(() => removeFolder(context))

/** An image with nothing in it but one static program of Debian. */
async function build(docker: Docker, tag: string): Promise<void> {
  copyFileSync('/bin/busybox', join(context, 'busybox'))
  writeFileSync(
    join(context, 'Dockerfile'),
    `FROM scratch
COPY busybox /busybox
RUN ["/busybox", "sh", "-c", "echo built > /made"]
ENTRYPOINT ["/busybox"]
CMD ["cat", "/made"]
`,
  )
  await docker.run(['build', '--quiet', '--network', 'none', '--tag', tag, context])
}

/** The names that a daemon of this process has on this machine; other tests have daemons too. */
function traces(): string[] {
  return [runningFolder(), ownedFolder(), ...cgroupHierarchies()]
    .flatMap((path) => readdirSync(path))
    .filter((name) => name.startsWith(`docker-${process.pid.toString(36)}`))
}

test('builds an image, runs it, and pushes it to the registry of the lab', async () => {
  await using docker = await startDocker()
  await build(docker, 'small')
  expect(await docker.run(['run', '--rm', 'small'])).toBe('built\n')
  const failed = await docker.attempt(['run', '--rm', 'small', 'sh', '-c', 'echo no >&2; exit 7'])
  expect(failed.code).toBe(7)
  expect(failed.stderr).toMatch(/no\n$/)

  await using registry = await startRegistry()
  const name = `${registry.host}/small:1`
  await docker.run(['tag', 'small', name])
  const digest = /digest: (sha256:\w+)/.exec(await docker.run(['push', name]))?.[1]
  const inspect = ['skopeo', 'inspect', '--tls-verify=false', '--format', '{{.Digest}}', `docker://${name}`] as const
  expect((await run(inspect)).trim()).toBe(digest)
})

test('a Dockerfile that fails, and an image that nobody has, are errors at once', async () => {
  await using docker = await startDocker()
  writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\nCOPY nothing /\n')
  const failed = await docker.attempt(['build', context])
  expect(failed.code).not.toBe(0)
  expect(failed.stderr).toContain('"/nothing" not found')
  const missing = await docker.attempt(['run', 'debian'])
  expect(missing.code).toBe(125)
  expect(missing.stderr).toContain('127.0.0.1:9: connect: connection refused')
})

test('two at once know nothing of each other, and one that ends takes its containers along', async () => {
  const etc = existsSync('/etc/docker')
  await using other = await startDocker()
  const before = links()
  {
    await using docker = await startDocker()
    await build(docker, 'small')
    const container = (await docker.run(['run', '--detach', '--init', 'small', 'sleep', '1000'])).trim()
    const pid = (await docker.run(['inspect', '--format', '{{.State.Pid}}', container])).trim()
    expect(Number(pid)).toBeGreaterThan(1)
    expect(await other.run(['ps', '--quiet'])).toBe('')
    expect(await other.run(['images', '--quiet'])).toBe('')
    expect(links()).toEqual(before)
    // A folder, a record, and a control group in every hierarchy, for two daemons.
    expect(traces().length).toBeGreaterThan(4)
  }
  expect(await other.run(['info', '--format', '{{.ContainersRunning}}'])).toBe('0\n')
  expect(traces()).toHaveLength(2)
  expect(existsSync('/etc/docker')).toBe(etc)
})

test('when its owner was killed with SIGKILL, the next one ends daemon, shims and containers', async () => {
  copyFileSync('/bin/busybox', join(context, 'busybox'))
  writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\nCOPY busybox /busybox\n')
  const holdings = await abandoned(`
    import { startDocker } from ${JSON.stringify(join(import.meta.dirname, 'docker.ts'))}
    const docker = await startDocker()
    await docker.run(['build', '--quiet', '--tag', 'small', ${JSON.stringify(context)}])
    await docker.run(['run', '--detach', 'small', '/busybox', 'sleep', '1000'])
    console.log('up')`)
  expect(new Set(holdings.map(({ kind }) => kind))).toEqual(new Set(['folder', 'cgroup', 'process']))
  await using _next = await startDocker()
  expect(holdings.filter(isThere)).toEqual([])
})

test('a developer gets a daemon that the client on the PATH can reach', async () => {
  await dockerPart.prepare()
  await using shown = await dockerPart.show([])
  const env = Object.fromEntries(
    shown.lines.flatMap((line) => {
      const [, name, value] = /^export (\w+)=(.*)$/.exec(line) ?? []
      return name === undefined ? [] : [[name, value]]
    }),
  )
  const client = /^ +(\S+) build/m.exec(shown.lines.join('\n'))?.[1] ?? ''
  expect(await run([client, 'info', '--format', '{{.Driver}}'], { env })).toBe('overlay2\n')
})

/** The network links of this machine, without those of hosts that other tests start and end meanwhile. */
function links(): string[] {
  return readdirSync('/sys/class/net').filter((name) => !name.startsWith('rd-'))
}
