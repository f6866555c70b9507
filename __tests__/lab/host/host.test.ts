import { beforeEach, expect, test } from 'vitest'
import { attempt } from '../ground/command.ts'
import { need } from '../ground/need.ts'
import { type Host, startHost, whyNoHosts } from './host.ts'
import { sshLogin } from './login.ts'
import { tracesOf } from './traces.ts'
import { until } from './until.ts'

beforeEach((context) => need(context, 'host', whyNoHosts()))

const HARDENED = `
[Service]
ExecStart=/usr/bin/busybox httpd -f -p 8080 -h /var/lib/hello
ExecStartPre=/bin/sh -c 'echo "booted as $(id -un)" > /var/lib/hello/index.html'
DynamicUser=yes
StateDirectory=hello
Restart=on-failure
NoNewPrivileges=yes
CapabilityBoundingSet=
PrivateDevices=yes
PrivateTmp=yes
PrivateUsers=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProtectSystem=strict
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
LoadCredential=motd:/etc/hostname

[Install]
WantedBy=multi-user.target
`

async function answerOf(host: Host): Promise<string> {
  return until(`${host.name} to answer`, async () => {
    try {
      const answer = await fetch(`http://${host.address}:8080/`, { signal: AbortSignal.timeout(5000) })
      return answer.ok && (await answer.text())
    } catch {
      return undefined
    }
  })
}

test('a host boots, takes a login, runs a hardened unit, comes back from a reboot with it, and is gone', async () => {
  let name = ''
  {
    await using host = await startHost()
    name = host.name
    const { ssh } = await sshLogin(host)
    const put = await attempt([...ssh, 'cat > /etc/systemd/system/hello.service'], { input: HARDENED })
    expect(put).toMatchObject({ code: 0 })
    expect(await attempt([...ssh, 'systemctl enable --now hello.service'])).toMatchObject({ code: 0 })
    expect(await answerOf(host)).toBe('booted as hello\n')

    const BOOT = 'cat /proc/sys/kernel/random/boot_id'
    const before = await attempt([...ssh, BOOT])
    await host.run(['rm', '/var/lib/hello/index.html'])
    await host.reboot()
    const after = await attempt([...ssh, BOOT])
    expect(after.code).toBe(0)
    expect(after.stdout).not.toBe(before.stdout)
    expect(await answerOf(host)).toBe('booted as hello\n')
    expect((await host.exec(['systemctl', 'is-system-running', '--wait'])).stdout).toBe('running\n')
    // The journal tells of both boots.
    const boots = await host.run(['journalctl', '--quiet', '--unit', 'hello', '--grep', 'Started hello.service'])
    expect(boots.trim().split('\n')).toHaveLength(2)

    expect(Object.keys(await tracesOf(name)).sort()).toEqual(
      ['processes', 'mounts', 'loops', 'namespaces', 'links', 'cgroups', 'folders', 'records'].sort(),
    )
  }
  // The kernel detaches a loop device a moment after its last user.
  await until(`${name} to be gone`, async () => Object.keys(await tracesOf(name)).length === 0)
})

test('only the pinned host key and the authorized key open a login', async () => {
  await using host = await startHost()
  await using other = await startHost()
  const { ssh } = await sshLogin(host)
  expect(await attempt([...ssh, 'true'])).toMatchObject({ code: 0 })

  // The key of one host pinned at the address of another.
  const impostor = await sshLogin(other, { via: { address: host.address, port: host.sshPort } })
  const warned = await attempt([...impostor.ssh, 'true'])
  expect(warned.code).toBe(255)
  expect(warned.stderr).toContain('Host key verification failed')

  await host.run(['rm', '/root/.ssh/authorized_keys'])
  const denied = await attempt([...ssh, 'true'])
  expect(denied.code).toBe(255)
  expect(denied.stderr).toContain('Permission denied')
})

test('a user logs in and uses sudo as far as it is allowed', async () => {
  await using host = await startHost()
  await host.run(['useradd', '--create-home', '--shell', '/bin/sh', 'deploy'])
  await host.run(['sh', '-c', 'cat > /etc/sudoers.d/deploy && chmod 440 /etc/sudoers.d/deploy'], {
    input: 'deploy ALL=(root) NOPASSWD: /usr/bin/systemctl restart ssh.service\n',
  })
  const { ssh } = await sshLogin(host, { user: 'deploy' })
  expect((await attempt([...ssh, 'id -un'])).stdout).toBe('deploy\n')
  expect((await attempt([...ssh, 'sudo -n systemctl restart ssh.service'])).code).toBe(0)
  expect(await attempt([...ssh, 'sudo -n id'])).toMatchObject({ code: 1, stdout: '' })
  await expect(sshLogin(host, { user: 'nobody-here' })).rejects.toThrow('there is no user nobody-here')
})

test('a command runs inside as it is written, as root or as a user', async () => {
  await using host = await startHost()
  const odd = ['a b', '$HOME', '"; id #', '*', '', 'é\n']
  expect(await host.run(['printf', '%s|', ...odd])).toBe(odd.map((arg) => `${arg}|`).join(''))
  expect(await host.exec(['sh', '-c', 'cat; echo no >&2; exit 7'], { input: 'in' })).toEqual({
    code: 7,
    stdout: 'in',
    stderr: 'no\n',
  })
  await host.run(['useradd', '--create-home', 'deploy'])
  expect(await host.run(['sh', '-c', 'id -un; echo $HOME'], { user: 'deploy' })).toBe('deploy\n/home/deploy\n')
  await expect(host.run(['false'])).rejects.toThrow(`false ended with 1 in ${host.name}`)
  await expect(host.exec(['sleep', '600'], { timeoutMs: 100 })).rejects.toThrow('did not end within 100 ms')
  // Nothing of this machine's environment is in it.
  expect(await host.run(['env'])).not.toContain('VITEST')
})

test('hosts at the same time are strangers to each other, until they are joined', async () => {
  const [one, two, three] = await Promise.all([startHost(), startHost(), startHost()])
  await using _one = one
  await using _two = two
  await using _three = three
  const hosts = [one, two, three]
  for (const unique of ['name', 'address', 'machineAddress', 'hostKey'] as const) {
    expect(new Set(hosts.map((host) => host[unique])).size).toBe(3)
  }
  const ids = await Promise.all(hosts.map((host) => host.run(['cat', '/etc/machine-id', '/etc/hostname'])))
  expect(new Set(ids).size).toBe(3)

  const reach = (from: Host, to: string) => from.exec(['nc', '-z', '-w', '10', to, '22'])
  expect((await reach(one, two.address)).code).not.toBe(0)
  await one.join(two)
  expect((await reach(one, two.address)).code).toBe(0)
  expect((await reach(two, one.address)).code).toBe(0)
  expect((await reach(one, three.address)).code).not.toBe(0)

  // A host behind a jump host: this machine does not reach it, the other does.
  await two.network.cut()
  expect((await reach(one, two.address)).code).toBe(0)
})

test('a reset ends every process in the same moment, and what was written before is there', async () => {
  await using host = await startHost()
  await host.run(['sh', '-c', 'echo kept > /srv/kept; sync'])
  await host.run(['systemd-run', '--unit=last-words', '-p', 'ExecStop=/bin/touch /srv/stopped', 'sleep', '600'])
  await host.reset()
  expect(await host.run(['ls', '/srv'])).toBe('kept\nlost+found\n')
  await host.run(['systemd-run', '--unit=last-words', '-p', 'ExecStop=/bin/touch /srv/stopped', 'sleep', '600'])
  await host.reboot()
  expect(await host.run(['ls', '/srv'])).toBe('kept\nlost+found\nstopped\n')
})

test('a host that is switched off says so, and starts again', async () => {
  await using host = await startHost()
  await host.run(['systemctl', '--no-block', 'poweroff'])
  const off = () =>
    host.exec(['true']).then(
      () => undefined,
      (error: unknown) => String(error).includes('is not up') && error,
    )
  expect(String(await until('the host to be off', off))).toContain('its console ends with')
  await host.reset()
  expect((await host.exec(['true'])).code).toBe(0)
})
