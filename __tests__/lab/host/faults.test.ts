import { once } from 'node:events'
import { connect } from 'node:net'
import { beforeEach, expect, test } from 'vitest'
import { attempt } from '../ground/command.ts'
import { need } from '../ground/need.ts'
import { whyNoMemoryCap } from './cgroups.ts'
import { type Host, startHost, whyNoHosts } from './host.ts'
import { type Login, sshLogin } from './login.ts'
import { tracesOf } from './traces.ts'
import { until } from './until.ts'

beforeEach((context) => need(context, 'host', whyNoHosts()))

async function shown(host: Host, unit: string, property: string): Promise<string> {
  return (await host.run(['systemctl', 'show', '--value', '--property', property, unit])).trim()
}

/** A connection to a command in the host: what it says comes here, what is said here goes to it. */
async function conversation(host: Host, command: string) {
  const units = {
    'talk.socket': '[Socket]\nListenStream=7000\nAccept=yes\n',
    'talk@.service': `[Service]\nExecStart=${command}\nStandardInput=socket\n`,
  }
  for (const [unit, text] of Object.entries(units)) {
    await host.run(['tee', `/etc/systemd/system/${unit}`], { input: text })
  }
  await host.run(['systemctl', 'start', 'talk.socket'])
  const connection = connect({ host: host.address, port: 7000 })
  const talk = {
    heard: '',
    failed: undefined as unknown,
    say: (text: string) => connection.write(text),
    [Symbol.asyncDispose]: async () => {
      connection.destroy()
    },
  }
  connection.setEncoding('utf8')
  connection.on('data', (chunk) => {
    talk.heard += chunk
  })
  connection.on('error', (error) => {
    talk.failed = error
  })
  await once(connection, 'connect')
  return talk
}

function withTimeout(ssh: Login['ssh'], seconds: number): [string, ...string[]] {
  const [client, ...args] = ssh
  return [client, '-o', `ConnectTimeout=${seconds}`, ...args]
}

test('kill -9 ends the main process of a unit or one process, and systemd sees what happened', async () => {
  await using host = await startHost()
  await host.run(['systemd-run', '--unit=victim', '--property=Restart=no', '--remain-after-exit', 'sleep', '600'])
  const pid = Number(await shown(host, 'victim', 'MainPID'))
  expect(await host.kill9('victim')).toBe(pid)
  await until('the unit to fail', async () => (await shown(host, 'victim', 'ActiveState')) === 'failed')
  expect(await shown(host, 'victim', 'Result')).toBe('signal')
  expect(await shown(host, 'victim', 'ExecMainStatus')).toBe('9')

  await host.run(['systemd-run', '--unit=second', 'sleep', '600'])
  await host.kill9(Number(await shown(host, 'second', 'MainPID')))
  await until('the unit to fail', async () => (await shown(host, 'second', 'ActiveState')) === 'failed')

  await expect(host.kill9('victim')).rejects.toThrow('victim has no main process: it does not run')
  await expect(host.kill9(4_000_000)).rejects.toThrow(`${host.name} has no process 4000000`)
})

test('a paused host answers nothing and loses nothing', async () => {
  await using host = await startHost()
  const { ssh } = await sshLogin(host)
  await using ticking = await conversation(host, '/bin/sh -c "while :; do printf .; sleep 0.02; done"')
  await until('the first ticks', () => ticking.heard.length > 5)

  await host.pause()
  // The kernel still takes the connection, but no sshd says a word.
  const unanswered = await attempt([...withTimeout(ssh, 2), 'true'])
  expect(unanswered.code).toBe(255)
  expect(unanswered.stderr).toContain('timed out during banner exchange')
  const frozen = ticking.heard
  await expect(host.exec(['true'], { timeoutMs: 500 })).rejects.toThrow('did not end within 500 ms')
  expect(ticking.heard).toBe(frozen)

  await host.resume()
  expect((await attempt([...ssh, 'true'])).code).toBe(0)
  await until('more ticks', () => ticking.heard.length > frozen.length)
})

test('a paused host ends like any other', async () => {
  let name = ''
  {
    await using host = await startHost()
    name = host.name
    await host.pause()
  }
  await until(`${name} to be gone`, async () => Object.keys(await tracesOf(name)).length === 0)
})

test('a full disk has no room for one byte, for root neither, until it is freed', async () => {
  await using host = await startHost({ srvBytes: 64 * 1024 ** 2 })
  await host.run(['useradd', '--create-home', 'deploy'])
  await host.run(['install', '-d', '-o', 'deploy', '/srv/app'])
  const write = (user: string, path: string) => host.exec(['tee', path], { user, input: 'x' })

  await host.fillDisk()
  for (const user of ['root', 'deploy']) {
    const full = await write(user, `/srv/app/${user}`)
    expect(full.code).not.toBe(0)
    expect(full.stderr).toContain('No space left on device')
  }
  expect((await host.run(['stat', '-f', '-c', '%a', '/srv'])).trim()).toBe('0')
  // It is another disk than that of the system.
  expect((await write('deploy', '/home/deploy/x')).code).toBe(0)
  // Filling what is full is no fault.
  await host.fillDisk('/srv/app')
  await host.freeDisk('/srv/app')
  await host.freeDisk()
  expect((await write('deploy', '/srv/app/deploy')).code).toBe(0)

  const { ssh } = await sshLogin(host)
  await host.fillDisk('/')
  expect((await write('deploy', '/home/deploy/y')).stderr).toContain('No space left on device')
  expect((await write('deploy', '/srv/app/y')).code).toBe(0)
  // Whoever had a login still has it.
  expect((await attempt([...ssh, 'true'])).code).toBe(0)
  await expect(host.fillDisk('/run')).rejects.toThrow('/run is on no disk of the machine')
})

const EATS_WHEN_TOLD = 'open F, "<", "/run/go"; <F>; $x = "x" x 200_000_000; sleep 600'

test('a process that wants more memory than it may have is killed, and the host lives on', async (context) => {
  need(context, 'memory cap', whyNoMemoryCap())
  let name = ''
  {
    await using host = await startHost()
    name = host.name
    await host.run(['mkfifo', '/run/go'])
    await host.run(['systemd-run', '--unit=eats', '--property=Restart=no', 'perl', '-e', EATS_WHEN_TOLD])
    const code = host.exec(['sh', '-c', 'perl -e "$1"; echo $?', 'sh', EATS_WHEN_TOLD])
    const perls = await until('both to wait', async () => {
      const pids = (await host.exec(['pgrep', '-x', 'perl'])).stdout.trim().split('\n').map(Number)
      return pids.length === 2 && pids
    })
    for (const pid of perls) host.capMemory(pid, 50_000_000)
    await host.run([
      'sh',
      '-c',
      'exec 3<>/run/go; echo >&3; echo >&3; while pgrep -x perl >/dev/null; do sleep 0.1; done',
    ])
    expect((await code).stdout).toBe('137\n')
    expect(await shown(host, 'eats', 'ExecMainStatus')).toBe('9')

    // A process that stays under its cap does not keep the host from ending.
    await host.run(['systemd-run', '--unit=modest', 'sleep', '600'])
    host.capMemory(Number(await shown(host, 'modest', 'MainPID')), 50_000_000)
    expect(await shown(host, 'modest', 'ActiveState')).toBe('active')
    expect(() => host.capMemory(4_000_000, 1)).toThrow(`${host.name} has no process 4000000`)
  }
  await until(`${name} to be gone`, async () => Object.keys(await tracesOf(name)).length === 0)
})

test('a cut network is silent: who waits is told nothing, and what was open goes on afterwards', async () => {
  await using host = await startHost()
  const { ssh } = await sshLogin(host)
  await using echo = await conversation(host, '/bin/cat')
  echo.say('before,')
  await until('the first echo', () => echo.heard === 'before,')

  await host.network.cut()
  await host.network.cut()
  echo.say('during,')
  const tried = await attempt([...withTimeout(ssh, 4), 'true'])
  expect(tried.code).toBe(255)
  expect(tried.stderr).toContain('Connection timed out')
  expect(echo.heard).toBe('before,')
  // Inside, its own loopback works on, and commands from outside need no network.
  expect((await host.exec(['nc', '-z', '127.0.0.1', '22'])).code).toBe(0)
  expect((await host.exec(['nc', '-z', '-w', '2', host.machineAddress, '9'])).code).not.toBe(0)

  await host.network.restore()
  await host.network.restore()
  expect((await attempt([...ssh, 'true'])).code).toBe(0)
  echo.say('after')
  await until('what was under way', () => echo.heard === 'before,during,after')
  expect(echo.failed).toBeUndefined()
})

test('a host reboots and comes back while its network is cut', async () => {
  await using host = await startHost()
  const { ssh } = await sshLogin(host)
  await host.network.cut()
  await host.reboot()
  await host.network.restore()
  expect((await attempt([...ssh, 'true'])).code).toBe(0)
})
