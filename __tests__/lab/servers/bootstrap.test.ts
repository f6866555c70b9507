import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { writeArgumentsFile } from '../../../src/servers/bootstrap/arguments.ts'
import { bootstrapFiles } from '../../../src/servers/bootstrap/files.ts'
import { dryRunScript } from '../../../src/servers/bootstrap/input.ts'
import { isUnwritable } from '../../../src/servers/bootstrap/plan.ts'
import type { Outcome } from '../../../src/servers/protocol/outcome.ts'
import { attempt } from '../ground/command.ts'
import { need } from '../ground/need.ts'
import { type Host, startHost, whyNoHosts } from '../host/host.ts'
import { sshLogin } from '../host/login.ts'
import { bootstrap, changesIn, KEY, planOf, treeOf } from './bootstrap-host.ts'
import { hostScript } from './called.ts'
import { callOn, factsOf, holdLease, putRelease, switchTo } from './deploy-host.ts'

beforeEach((context) => need(context, 'host', whyNoHosts()))

const stack = new AsyncDisposableStack()
afterAll(() => stack.disposeAsync())
let host: Host
let bare: string[]
let dry: Outcome
let afterDry: string[]
let first: Outcome
let afterFirst: string[]
let treeOfFirst: string[]

beforeAll(async () => {
  if (whyNoHosts() !== undefined) return
  host = stack.use(await startHost())
  bare = await treeOf(host, { times: true })
  dry = await bootstrap(host, { plan: planOf(), dryRun: true })
  afterDry = await treeOf(host, { times: true })
  first = await bootstrap(host, { plan: planOf() })
  afterFirst = await treeOf(host, { times: true })
  treeOfFirst = await treeOf(host, { times: false })
})

test('a dry run changes nothing and tells all that the real run then does', () => {
  expect(dry.kind, JSON.stringify(dry)).toBe('done')
  expect(afterDry).toEqual(bare)
  expect(changesIn(dry)).toEqual(changesIn(first))
})

test('a bare server is prepared, and what a workflow needs is told', () => {
  expect(first.kind, JSON.stringify(first)).toBe('done')
  expect(first.said).toBe('')
  expect(changesIn(first)).toContain('file /etc/sudoers.d/rust-deploy-app')
  const facts = first.events.filter(({ event }) => event === 'fact')
  expect(facts.map(({ name }) => name)).toEqual(['target', 'libc', 'host-key', 'host-key-fingerprint'])
  expect(facts[0]?.['value']).toMatch(/^[a-z0-9_]+-unknown-linux-gnu$/)
  expect(facts[2]?.['value']).toBe(host.hostKey)
  const exposure = first.events.find(({ event }) => event === 'exposure')
  expect(exposure).toMatchObject({ unit: 'app.service', score: expect.stringMatching(/^[01]\.\d OK$/) })
})

test('the files are there as they were written, of root and with their rights', async () => {
  for (const { path, mode, content } of bootstrapFiles(planOf())) {
    expect(await host.run(['cat', path]), path).toBe(content)
    expect(await host.run(['stat', '-c', '%a %U:%G', path]), path).toBe(`${mode} root:root\n`)
  }
})

test('a second run changes nothing, no time of any file, and says so', async () => {
  const second = await bootstrap(host, { plan: planOf() })
  expect(second.kind, JSON.stringify(second)).toBe('done')
  expect(changesIn(second)).toEqual([])
  expect(second.events.map(({ event }) => event)).toContain('unchanged')
  expect(await treeOf(host, { times: true })).toEqual(afterFirst)
})

test('the script for an administrator, piped into a shell, makes the same tree on another server', async () => {
  await using other = await startHost()
  const script = dryRunScript({ plan: planOf() }, hostScript('bootstrap'))
  const { code, stdout, stderr } = await other.exec(['sh'], { input: script, timeoutMs: 180_000 })
  expect([code, stderr], stdout).toEqual([0, ''])
  expect(await treeOf(other, { times: false })).toEqual(treeOfFirst)
  await other.run(['sh', '-c', 'cat >/root/prepare.sh'], { input: script })
  for (const shell of ['sh', 'bash', 'busybox sh']) {
    const [program = '', ...args] = shell.split(' ')
    expect(await other.run([program, ...args, '/root/prepare.sh']), shell).toContain('{"event":"unchanged"}')
  }
})

const RELEASE = '20261121T000000Z-aaa-1.1'

test('a release is deployed on it, and verify has nothing to say of any unit', async () => {
  await putRelease(host, RELEASE)
  await holdLease(host, 'token', RELEASE)
  const switched = await switchTo(host, { release: RELEASE })
  expect(switched.kind, JSON.stringify(switched)).toBe('done')
  const facts = switched.events.find(({ event }) => event === 'proved')?.['facts'] ?? ''
  expect((await callOn(host, 'confirm', { token: 'token', release: RELEASE, facts })).kind).toBe('done')
  const { current, answer } = await factsOf(host)
  expect([current, answer]).toEqual([RELEASE, RELEASE])

  await host.run(['ln', '-sfn', `releases/${RELEASE}`, '/srv/app/next'], { user: 'deploy' })
  const units = bootstrapFiles(planOf()).filter(({ path }) => path.startsWith('/etc/systemd'))
  const verified = await host.exec(['systemd-analyze', 'verify', '--man=no', ...units.map(({ path }) => path)])
  expect(verified).toMatchObject({ code: 0, stdout: '', stderr: '' })
})

const ANY_TEXT = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((text) => !isUnwritable(text))
const WORDS = [
  ...[
    '--x',
    'two words',
    '$HOME',
    '$'.concat('{HOME}'),
    '$$',
    '%n %%',
    '"',
    "'",
    '\\',
    'a\\nb',
    '',
    ';',
    '`id`',
    'ü',
    '*',
    '#',
  ],
  ...fc.sample(ANY_TEXT, { numRuns: 100, seed: 5 }),
]

test('arguments reach the program to the letter, from a unit and from the file of a release', async () => {
  const plan = planOf({
    app: 'words',
    bin: 'words',
    serviceUser: 'words',
    units: [{ name: 'words', arguments: WORDS }],
  })
  const end = await bootstrap(host, { plan })
  expect(end.kind, JSON.stringify(end)).toBe('done')
  const program = '#!/bin/sh\nprintf "<%s>\\n" "$@" >"$STATE_DIRECTORY/$KIND"\n'
  const script =
    'cd /srv/words && mkdir releases/1 && ln -s releases/1 current && ln -s releases/1 next && cd releases/1 && cat >words && chmod 755 words && echo KIND=unit >env && printf "%s" "$1" >smoke.arguments && chmod 600 env'
  await host.run(['sh', '-c', script, 'sh', writeArgumentsFile(WORDS)], { user: 'deploy', input: program })
  const heard = async (kind: string) => (await host.run(['cat', `/var/lib/words/${kind}`])).trimEnd().split('\n')

  await host.run(['systemctl', 'start', '--wait', 'words.service'])
  expect(await heard('unit')).toEqual(WORDS.map((word) => `<${word}>`))
  await host.run(['sh', '-c', 'echo KIND=smoke >/srv/words/next/env'], { user: 'deploy' })
  await host.run(['sudo', '-n', '/usr/bin/systemctl', 'start', 'words-smoke.service'], { user: 'deploy' })
  expect(await heard('smoke')).toEqual(WORDS.map((word) => `<${word}>`))
  expect(await host.run(['stat', '-c', '%U', '/var/lib/words/smoke'])).toBe('words\n')
})

const TWO_UNITS = {
  app: 'site',
  bin: 'site',
  serviceUser: 'site',
  strategy: 'socket',
  units: [
    { name: 'site', arguments: ['serve'] },
    { name: 'site-worker', arguments: ['work'] },
  ],
} as const

test('another port changes exactly the socket and what is written down of the app', async () => {
  expect((await bootstrap(host, { plan: planOf({ ...TWO_UNITS, port: 8081 }) })).kind).toBe('done')
  const changed = await bootstrap(host, { plan: planOf({ ...TWO_UNITS, port: 8082 }) })
  expect(changesIn(changed)).toEqual(['file /etc/systemd/system/site.socket', 'file /etc/rust-deploy/site.conf'])
  expect(changed.events.find(({ event }) => event === 'did')?.['diff']).toContain(
    '-ListenStream=8081\n+ListenStream=8082',
  )
})

test('a unit and a socket that a plan has no more are stopped and removed', async () => {
  const { units, ...more } = TWO_UNITS
  const end = await bootstrap(host, {
    plan: planOf({ ...more, strategy: 'restart', units: [units[0]], port: 8082 }),
  })
  expect(end.kind, JSON.stringify(end)).toBe('done')
  expect(changesIn(end)).toEqual([
    'file /etc/systemd/system/site.service',
    'file /etc/rust-deploy/site.conf',
    'file /etc/sudoers.d/rust-deploy-site',
    'retired site-worker.service',
    'retired site.socket',
  ])
  expect(await host.run(['ls', '/etc/systemd/system'])).not.toMatch(/site-worker|site\.socket/)
})

test('a unit that somebody else wrote is left alone, and taken over with its old form kept when asked', async () => {
  const path = '/etc/systemd/system/shop.service'
  const theirs = '[Service]\nExecStart=/bin/sleep 1000\n'
  await host.run(['sh', '-c', `cat >${path}`], { input: theirs })
  const plan = planOf({ app: 'shop', bin: 'shop', serviceUser: 'shop', units: [{ name: 'shop', arguments: [] }] })
  const before = await treeOf(host, { times: true })
  const refused = await bootstrap(host, { plan })
  expect(refused).toMatchObject({ kind: 'refused', code: 'foreign-files', refusal: { files: path } })
  expect(refused.events.find(({ event }) => event === 'foreign')?.['diff']).toContain('-ExecStart=/bin/sleep 1000')
  expect(await treeOf(host, { times: true })).toEqual(before)

  await host.run(['sh', '-c', `mkdir ${path}.d && cat >${path}.d/more.conf`], { input: '[Service]\nNice=5\n' })
  const adopted = await bootstrap(host, { plan, adopt: true })
  expect(adopted.kind, JSON.stringify(adopted)).toBe('done')
  expect(adopted.events).toContainEqual({ event: 'drop-in', path: `${path}.d/more.conf` })
  expect(await host.run(['cat', `${path}.before-rust-deploy`])).toBe(theirs)
  expect(await host.run(['cat', path])).toContain('ExecStart=/srv/shop/current/shop\n')
  expect(changesIn(await bootstrap(host, { plan }))).toEqual([])
})

test.each(['ssh', 'systemd-journald'])('the unit %s of the system is nobody’s to take', async (name) => {
  const plan = planOf({ app: 'thief', bin: 'thief', serviceUser: 'thief', units: [{ name, arguments: [] }] })
  expect(await bootstrap(host, { plan })).toMatchObject({ kind: 'refused', code: 'foreign-files' })
})

test('what this host cannot do is left out of its units and told, and the rest stays', async () => {
  const hardening = ['NoNewPrivileges=yes', 'ProtectNothingAtAll=yes', 'PrivateTmp=yes']
  const plan = planOf({
    app: 'old',
    bin: 'old',
    serviceUser: 'old',
    units: [{ name: 'old', arguments: [] }],
    hardening,
  })
  const end = await bootstrap(host, { plan })
  expect(end.kind, JSON.stringify(end)).toBe('done')
  expect(end.events.filter(({ event }) => event === 'left-out')).toEqual([
    { event: 'left-out', line: 'ProtectNothingAtAll=yes', code: '1', why: expect.stringContaining('Unknown') },
  ])
  const unit = await host.run(['cat', '/etc/systemd/system/old.service'])
  expect(unit).toMatch(/NoNewPrivileges=yes\nPrivateTmp=yes\n/)
  expect(changesIn(await bootstrap(host, { plan }))).toEqual([])
})

test('keys are added and never removed, and one that is there is not added again', async () => {
  const other = `${KEY.slice(0, -12)}BBBB a desktop`
  const end = await bootstrap(host, { plan: planOf({ authorize: [KEY, other] }) })
  expect(changesIn(end)).toEqual(['key ssh-ed25519 a desktop'])
  await bootstrap(host, { plan: planOf({ authorize: [] }) })
  expect(await host.run(['cat', '/home/deploy/.ssh/authorized_keys'])).toBe(`restrict ${KEY}\nrestrict ${other}\n`)
  expect(await host.run(['stat', '-c', '%a %U', '/home/deploy/.ssh', '/home/deploy/.ssh/authorized_keys'])).toBe(
    '700 deploy\n600 deploy\n',
  )
})

test('a key opens a login that runs commands, and no terminal and no way on', async () => {
  const { ssh, publicKey } = await sshLogin(host)
  expect((await bootstrap(host, { plan: planOf({ authorize: [publicKey] }) })).kind).toBe('done')
  const [client, ...options] = ssh.map((each) => each.replace('root@', 'deploy@'))
  expect(await attempt([client ?? '', ...options, 'id -un'])).toMatchObject({ code: 0, stdout: 'deploy\n' })
  expect((await attempt([client ?? '', '-tt', ...options, 'true'])).stderr).toContain('PTY allocation request failed')
  const way = await attempt([client ?? '', '-W', '127.0.0.1:22', ...options])
  expect([way.code, way.stderr]).toEqual([255, expect.stringContaining('prohibited')])
})

test('root follows no link that the deploy user has put into the way', async () => {
  const lure =
    'rm -rf ~/.ssh && ln -s /root/.ssh ~/.ssh && rm -rf /srv/shop/releases && ln -s /root/trap /srv/shop/releases'
  await host.run(['sh', '-c', lure], { user: 'deploy' })
  const plan = planOf({ app: 'shop', bin: 'shop', serviceUser: 'shop', units: [{ name: 'shop', arguments: [] }] })
  const ofRoot = ['find', '/root', '-printf', '%p %m %u %s %C@\\n'] as const
  const before = await host.run(ofRoot)
  expect((await bootstrap(host, { plan })).kind).toBe('failed')
  expect(await host.run(ofRoot)).toBe(before)
  await host.run(['sh', '-c', 'rm ~/.ssh /srv/shop/releases'], { user: 'deploy' })
  expect((await bootstrap(host, { plan })).kind).toBe('done')
})

test('what is broken is repaired, and nothing else is touched', async () => {
  const broken =
    'rm /etc/rust-deploy/app.conf && chmod 444 /etc/sudoers.d/rust-deploy-app && systemctl -q disable app.service && systemctl stop rust-deploy-guard@app.path && touch /etc/systemd/system/app.service'
  await host.run(['sh', '-c', broken])
  expect(changesIn(await bootstrap(host, { plan: planOf() }))).toEqual([
    'file /etc/rust-deploy/app.conf',
    'file /etc/sudoers.d/rust-deploy-app',
    'reloaded systemd',
    'enabled app.service',
    'started rust-deploy-guard@app.path',
  ])
  expect(changesIn(await bootstrap(host, { plan: planOf() }))).toEqual([])
})

test('a socket waits for a first release, comes with its service, and is not taken from one that has its port', async () => {
  const port = 8090
  const more = { app: 'door', bin: 'door', serviceUser: 'door', units: [{ name: 'door', arguments: [] }], port }
  const plan = planOf({ ...more, strategy: 'socket' })
  expect((await bootstrap(host, { plan })).kind).toBe('done')
  const state = async () => (await host.exec(['systemctl', 'is-active', 'door.socket', 'door.service'])).stdout
  expect(await state()).toBe('inactive\ninactive\n')
  await host.run(
    [
      'sh',
      '-c',
      'cd /srv/door && mkdir releases/1 && ln -s releases/1 current && cat >current/door && chmod 755 current/door && echo >current/env',
    ],
    { user: 'deploy', input: '#!/bin/sh\ntest "$LISTEN_FDS" != 1 || exec sleep 1000\nexec busybox nc -lk -p 8090\n' },
  )
  await host.run(['sudo', '-n', '/usr/bin/systemctl', 'restart', 'door.service'], { user: 'deploy' })
  expect(await state()).toBe('active\nactive\n')
  await host.run(['bash', '-c', `exec 3<>/dev/tcp/127.0.0.1/${port}`])

  const restart = await bootstrap(host, { plan: planOf({ ...more, strategy: 'restart' }) })
  expect(changesIn(restart)).toContain('retired door.socket')
  expect(await state()).toBe('inactive\nactive\n')
  const back = await bootstrap(host, { plan })
  expect(back.kind, JSON.stringify(back)).toBe('done')
  expect(back.events).toContainEqual({ event: 'restart-needed', unit: 'door.service' })
  await host.run(['sudo', '-n', '/usr/bin/systemctl', 'restart', 'door.service'], { user: 'deploy' })
  expect(await state()).toBe('active\nactive\n')
})

test('a folder of somebody else is refused', async () => {
  await host.run(['install', '-d', '-o', 'nobody', '/srv/taken'])
  const plan = planOf({ app: 'taken', bin: 'taken', serviceUser: 'taken', units: [{ name: 'taken', arguments: [] }] })
  expect(await bootstrap(host, { plan })).toMatchObject({
    kind: 'refused',
    code: 'foreign-folder',
    refusal: { path: '/srv/taken', user: 'nobody' },
  })
})

test('who is not root, or has no sudo to set up, is refused', async () => {
  expect(await bootstrap(host, { plan: planOf() }, { user: 'deploy' })).toMatchObject({
    kind: 'refused',
    code: 'not-root',
    refusal: { user: 'deploy' },
  })
  await host.run(['mv', '/usr/sbin/visudo', '/root/visudo'])
  const end = await bootstrap(host, { plan: planOf() })
  await host.run(['mv', '/root/visudo', '/usr/sbin/visudo'])
  expect(end).toMatchObject({ kind: 'refused', code: 'missing-programs', refusal: { programs: 'visudo' } })
})

test.each([
  ['units-wrong', 'Type=oneshot', 'Type=nonsense', /app-smoke\.service:\d+: .*nonsense/],
  ['units-wrong', 'StartLimitBurst=5', 'StartLimitBurts=5', /app\.service:\d+: Unknown key/],
  ['sudoers-wrong', 'NOPASSWD:', 'NOPASS:', /syntax error/],
])('%s: what systemd or sudo would not take is refused, and nothing is changed', async (code, right, wrong, why) => {
  const before = await treeOf(host, { times: true })
  const spoil = (payload: string) => payload.replace(right, wrong)
  expect(await bootstrap(host, { plan: planOf() }, { spoil })).toMatchObject({
    kind: 'refused',
    code,
    refusal: { said: expect.stringMatching(why) },
  })
  expect(await treeOf(host, { times: true })).toEqual(before)
})

test('a sudo that does not read its folder is told', async () => {
  await host.run(['sed', '-i.before', 's/^@includedir/# &/', '/etc/sudoers'])
  const end = await bootstrap(host, { plan: planOf() })
  await host.run(['mv', '/etc/sudoers.before', '/etc/sudoers'])
  expect(end).toMatchObject({ kind: 'failed', why: expect.stringContaining('includes /etc/sudoers.d') })
})
