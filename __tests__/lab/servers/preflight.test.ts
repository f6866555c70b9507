import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type HostFacts, readFacts } from '../../../src/servers/preflight/facts.ts'
import { judgeHost } from '../../../src/servers/preflight/judge.ts'
import { preflightParameters } from '../../../src/servers/preflight/parameters.ts'
import type { Wanted } from '../../../src/servers/preflight/wanted.ts'
import { COMMAND } from '../../../src/servers/protocol/loader.ts'
import { headOf } from '../../../src/servers/protocol/stdin.ts'
import { writeRelease } from '../../../src/servers/release/release-file.ts'
import { removeFolder } from '../../remove-folder.ts'
import { need } from '../ground/need.ts'
import { debianPackages, whyNoDebianRoot } from '../ground/packages.ts'
import { type Host, startHost, whyNoHosts } from '../host/host.ts'
import { Called, hostScript, MARK } from './called.ts'
import { callOn, holdLease, prepareForDeploys, putRelease, ROOT, switchTo } from './deploy-host.ts'

const stack = new AsyncDisposableStack()
afterAll(() => stack.disposeAsync())
let host: Host

const RELEASE = '20261121T000000Z-0123456789ab-1.1'
const SHA256 = 'ab'.repeat(32)
const GUARD = '/usr/local/libexec/rust-deploy/guard'
const SUDOERS = '/etc/sudoers.d/rust-deploy-app'
const LINES = ['start', 'stop', 'restart', 'reset-failed'].map((verb) => `/usr/bin/systemctl ${verb} app.service`)

async function sh(script: string): Promise<void> {
  await host.run(['sh', '-c', script])
}

beforeAll(async () => {
  if (whyNoDebianRoot() === undefined) await debianPackages('busybox', 'dash', 'util-linux')
  if (whyNoHosts() !== undefined) return
  host = stack.use(await startHost({ srvBytes: 64 * 1024 ** 2 }))
  await prepareForDeploys(host)
  await putRelease(host, RELEASE)
  const text = JSON.stringify({ id: RELEASE, binary: { name: 'app', size: 1, sha256: SHA256 } }, null, 2)
  await host.run(['sh', '-c', `cat >${ROOT}/releases/${RELEASE}/release.json`], { input: text })
  await holdLease(host, 'token', RELEASE)
  const switched = await switchTo(host, { release: RELEASE })
  const facts = switched.events.find(({ event }) => event === 'proved')?.['facts'] ?? ''
  const end = await callOn(host, 'confirm', { token: 'token', release: RELEASE, facts })
  expect(end.kind, JSON.stringify([switched, end])).toBe('done')
  await sh(`rm ${ROOT}/.rust-deploy/lease`)
})

async function look(): Promise<HostFacts> {
  const end = await callOn(host, 'preflight', preflightParameters(LINES))
  expect([end.kind, end.said]).toEqual(['done', ''])
  return readFacts(end.events)
}

async function judged(more: Partial<Wanted> = {}) {
  const facts = await look()
  const wanted: Wanted = {
    ...{ app: 'app', user: 'deploy', units: ['app'], bytes: 1e6, files: 4, machine: facts.machine },
    ...{ libc: { kind: 'glibc', version: '2.36' }, health: 'http', now: Math.floor(Date.now() / 1000) },
    ...more,
  }
  return judgeHost(facts, wanted)
}

describe('on a host that is prepared', () => {
  beforeEach((context) => need(context, 'host', whyNoHosts()))

  test('a good host has no problem, and tells what a deploy needs to know of it', async () => {
    expect(await judged()).toEqual([])
    const facts = await look()
    expect(facts).toMatchObject({
      ...{ user: 'deploy', home: { path: '/home/deploy', isThere: true }, glibc: '2.36', selinux: 'off' },
      ...{ missingPrograms: ['zstd'], flockWaits: true, mount: { point: '/srv', isReadOnly: false, isNoexec: false } },
      folders: ['', '/releases', '/.rust-deploy'].map((name) => {
        return { path: `${ROOT}${name}`, isThere: true, isWritable: true, owner: '' }
      }),
      guard: { file: GUARD, isThere: true, version: 1 },
      systemd: { version: '252', isRunning: true },
      current: { target: `releases/${RELEASE}`, isThere: true },
      releases: [{ id: RELEASE, sha256: SHA256 }],
      ...{ lease: undefined, undecided: undefined, frozen: undefined },
      sudo: { answers: true, lines: LINES.map((line) => ({ line, isAllowed: true })) },
      health: { status: 200, port: '8080', path: '/', said: RELEASE },
    })
    expect(facts.conf).toEqual(
      new Map([
        ['format', '1'],
        ['units', 'app'],
        ['port', '8080'],
        ['health', '/'],
      ]),
    )
    expect(facts.units.get('app.service')).toMatchObject({
      ...{
        load: 'loaded',
        active: 'active',
        sub: 'running',
        file: 'enabled',
        type: 'exec',
        user: 'app',
        restarts: '0',
      },
      program: `${ROOT}/current/app`,
      starts: `${ROOT}/current/app`,
      environment: `${ROOT}/current/env`,
      invocation: expect.stringMatching(/^[0-9a-f]{32}$/),
    })
    expect(facts.units.get('app-smoke.service')?.load).toBe('not-found')
    expect(facts.bootId).toMatch(/^[0-9a-f-]{36}$/)
    expect(facts.disk.freeBytes).toBeGreaterThan(1e7)
    expect(facts.disk.freeInodes).toBeGreaterThan(1000)
  })

  test('nothing on the host is changed by looking at it', async () => {
    const seen = () => host.run(['sh', '-c', `find /srv /etc /home /usr/local -printf '%p %T@ %s\\n' | sort`])
    const before = await seen()
    await look()
    expect(await seen()).toBe(before)
  })

  test('neither PATH nor HOME nor anything else of an environment is needed', async () => {
    const parameters = { mark: MARK, app: 'app', ...preflightParameters(LINES) }
    const input = headOf(hostScript('preflight', 'health'), parameters)
    const bare = ['env', '-i', 'PATH=', '/bin/sh', '-c', COMMAND] as const
    const { code, stdout, stderr } = await host.exec(bare, { user: 'deploy', input })
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain('"name":"user","value":"deploy","home":"","there":"no"')
    expect(stdout).toContain('"name":"health","value":"200"')
  })

  describe('what is broken has its code, and is well again afterwards', () => {
    const unit = '/etc/systemd/system/app.service'
    const state = `${ROOT}/.rust-deploy`
    /** All units are read anew after each of these. */
    const cases: [name: string, broken: string, mended: string, codes: string[]][] = [
      ['a read-only disk', 'mount -o remount,ro /srv', 'mount -o remount,rw /srv', ['read-only']],
      ['a disk that starts nothing', 'mount -o remount,noexec /srv', 'mount -o remount,exec /srv', ['noexec']],
      [
        'one line of sudoers missing',
        `cp ${SUDOERS} /root/s && sed -i 's|, /usr/bin/systemctl restart app.service||' ${SUDOERS}`,
        `cp /root/s ${SUDOERS}`,
        ['sudo-line'],
      ],
      ['no line of sudoers', `mv ${SUDOERS} /root/s`, `mv /root/s ${SUDOERS}`, ['sudo-password']],
      ['requiretty', `echo 'Defaults requiretty' >/etc/sudoers.d/tty`, 'rm /etc/sudoers.d/tty', ['sudo-tty']],
      [
        'requiretty, but not of this user',
        `printf 'Defaults requiretty\\nDefaults:deploy !requiretty\\n' >/etc/sudoers.d/tty`,
        'rm /etc/sudoers.d/tty',
        [],
      ],
      [
        'an alias in sudoers',
        `cp ${SUDOERS} /root/s && printf 'Cmnd_Alias APP = \\\\\\n ${LINES.join(', \\\\\\n ')}\\nDefaults!APP !requiretty\\ndeploy ALL=(root) NOPASSWD: NOSETENV: APP\\n' >${SUDOERS} && visudo -cf ${SUDOERS}`,
        `cp /root/s ${SUDOERS}`,
        [],
      ],
      [
        'a pattern in sudoers',
        `cp ${SUDOERS} /root/s && echo 'deploy ALL=(root) NOPASSWD: /usr/bin/systemctl * app.service' >${SUDOERS}`,
        `cp /root/s ${SUDOERS}`,
        [],
      ],
      [
        'an exception in sudoers',
        `cp ${SUDOERS} /root/s && echo 'deploy ALL=(root) NOPASSWD: !/usr/bin/systemctl stop app.service' >>${SUDOERS}`,
        `cp /root/s ${SUDOERS}`,
        ['sudo-line'],
      ],
      [
        'rights as somebody else than root',
        `cp ${SUDOERS} /root/s && sed -i 's/(root)/(daemon)/' ${SUDOERS}`,
        `cp /root/s ${SUDOERS}`,
        ['sudo-line'],
      ],
      [
        'a line that wants a password beside others that do not',
        `echo 'deploy ALL=(root) PASSWD: /usr/bin/systemctl restart app.service' >/etc/sudoers.d/rust-deploy-late`,
        'rm /etc/sudoers.d/rust-deploy-late',
        ['sudo-password'],
      ],
      [
        'an administrator who may all with a password, and a line missing',
        `cp ${SUDOERS} /root/s && sed -i 's|, /usr/bin/systemctl restart app.service||' ${SUDOERS} && echo 'deploy ALL=(ALL:ALL) ALL' >/etc/sudoers.d/all`,
        `cp /root/s ${SUDOERS}; rm /etc/sudoers.d/all`,
        ['sudo-password'],
      ],
      ['sudoers with a mistake', `echo 'nonsense nonsense' >/etc/sudoers.d/bad`, 'rm /etc/sudoers.d/bad', []],
      ['no sudo', 'mv /usr/bin/sudo /root/sudo', 'mv /root/sudo /usr/bin/sudo', ['sudo-missing']],
      [
        'a unit that does not go through current',
        `cp ${unit} /root/u && sed -i 's|ExecStart=.*|ExecStart=/opt/app --flag|' ${unit}`,
        `cp /root/u ${unit}`,
        ['unit-elsewhere'],
      ],
      [
        'a unit without the environment of its release',
        `cp ${unit} /root/u && sed -i '/EnvironmentFile/d' ${unit}`,
        `cp /root/u ${unit}`,
        ['unit-environment'],
      ],
      [
        'a unit that nobody can read',
        `cp ${unit} /root/u && echo '[Service]' >${unit}`,
        `cp /root/u ${unit}`,
        ['unit-broken'],
      ],
      ['a unit that is gone', `mv ${unit} /root/u`, `mv /root/u ${unit}`, ['unit-missing']],
      [
        'a guard that is masked',
        'systemctl mask --now -q rust-deploy-guard@app.path',
        'systemctl unmask -q rust-deploy-guard@app.path; systemctl start rust-deploy-guard@app.path',
        ['guard-masked'],
      ],
      [
        'a guard that is stopped',
        'systemctl stop rust-deploy-guard@app.path',
        'systemctl start rust-deploy-guard@app.path',
        ['guard-disabled'],
      ],
      [
        'a guard that a reboot would end',
        'systemctl disable -q rust-deploy-guard@app.path',
        'systemctl enable -q rust-deploy-guard@app.path',
        ['guard-disabled'],
      ],
      ['no script of the guard', `mv ${GUARD} /root/g`, `mv /root/g ${GUARD}`, ['guard-missing']],
      [
        'a guard without a version',
        `sed -i 2d ${GUARD}`,
        `sed -i '1a # rust-deploy guard 1' ${GUARD}`,
        ['guard-older'],
      ],
      [
        'an undecided deploy of somebody else',
        `read -r boot </proc/sys/kernel/random/boot_id; echo 99999999 >${state}/deadline.x; printf '%s\\n' x "$boot" releases/${RELEASE} other >${state}/p && chown deploy ${state}/* && mv ${state}/p ${state}/pending`,
        `mv ${state}/pending ${state}/confirmed.x; rm ${state}/deadline.x`,
        ['undecided'],
      ],
      ['a frozen app', `echo 'Until noon.' >${state}/frozen`, `rm ${state}/frozen`, ['frozen']],
      ['a state that is another user’s', `chown root ${state}`, `chown deploy ${state}`, ['folder-closed']],
      ['releases that are root’s', `chown root ${ROOT}/releases`, `chown deploy ${ROOT}/releases`, ['folder-closed']],
      [
        'files that the deploy user cannot read',
        `for name in lease frozen; do install -m 600 /dev/null ${state}/$name; done; chmod 600 ${ROOT}/releases/*/release.json; chown root ${ROOT}/releases/*/release.json`,
        `rm ${state}/lease ${state}/frozen; chown deploy ${ROOT}/releases/*/release.json; chmod 644 ${ROOT}/releases/*/release.json`,
        ['frozen'],
      ],
      [
        'a conf that nobody may read',
        'chmod 600 /etc/rust-deploy/*',
        'chmod 644 /etc/rust-deploy/*',
        ['not-bootstrapped'],
      ],
      ['no home', 'mv /home/deploy /home/x', 'mv /home/x /home/deploy', ['home-missing']],
      ['no curl, as long as there is bash', 'mv /usr/bin/curl /root/', 'mv /root/curl /usr/bin/', []],
      [
        'neither curl nor bash',
        'mv /usr/bin/curl /usr/bin/bash /root/',
        'mv /root/curl /root/bash /usr/bin/',
        ['nothing-asks', 'sick'],
      ],
      [
        'the userland of busybox is enough, as long as there is a flock that can wait',
        'busybox --install -s /usr/local/bin && rm -f /usr/local/bin/busybox /usr/local/bin/setpriv',
        '/usr/bin/find /usr/local/bin -type l -delete',
        [],
      ],
      ['no flock', 'mv /usr/bin/flock /root/', 'mv /root/flock /usr/bin/', ['programs-missing']],
      [
        'a flock that cannot wait',
        'mv /usr/bin/flock /root/ && ln -s /bin/busybox /usr/bin/flock',
        'rm /usr/bin/flock && mv /root/flock /usr/bin/',
        ['flock'],
      ],
      [
        'a current that dangles',
        `mv ${ROOT}/releases/${RELEASE} ${ROOT}/x`,
        `mv ${ROOT}/x ${ROOT}/releases/${RELEASE}`,
        ['current-dangling'],
      ],
      ['a service that is down', 'systemctl stop app.service', 'systemctl start app.service', ['sick']],
      ['a conf that is gone', 'mv /etc/rust-deploy /root/r', 'mv /root/r /etc/rust-deploy', ['not-bootstrapped']],
      [
        'nothing of ours at all',
        `mv /etc/rust-deploy /root/r; mv ${ROOT} /srv/gone; mv ${SUDOERS} /root/s; mv ${GUARD} /root/g`,
        `mv /root/r /etc/rust-deploy; mv /srv/gone ${ROOT}; mv /root/s ${SUDOERS}; mv /root/g ${GUARD}`,
        ['not-bootstrapped'],
      ],
    ]

    test.each(cases)('%s', async (_, broken, mended, codes) => {
      let problems: Awaited<ReturnType<typeof judged>>
      try {
        await sh(`${broken} && systemctl daemon-reload`)
        problems = await judged()
      } finally {
        await sh(`${mended}\nsystemctl daemon-reload`)
      }
      expect(
        problems.map(({ code }) => code),
        JSON.stringify(problems),
      ).toEqual(codes)
      expect(await judged()).toEqual([])
    })

    test('a full disk', async () => {
      await host.fillDisk()
      const problems = await judged()
      await host.freeDisk()
      expect(problems.map(({ code }) => code)).toEqual(['disk-full'])
      expect((await judged({ bytes: 1e9 })).map(({ code }) => code)).toEqual(['disk-full'])
      expect((await judged({ files: 1e6 })).map(({ code }) => code)).toEqual(['inodes-full'])
    })

    test('a binary that this host does not start', async () => {
      expect((await judged({ machine: 'riscv64' })).map(({ code }) => code)).toEqual(['machine'])
      expect((await judged({ libc: { kind: 'glibc', version: '2.41' } })).map(({ code }) => code)).toEqual(['glibc'])
      expect((await judged({ now: 0 })).map(({ code }) => code)).toEqual(['clock'])
    })

    test('the line that is said to be missing can be pasted', async () => {
      await sh(`cp ${SUDOERS} /root/s && sed -i 's|, /usr/bin/systemctl restart app.service||' ${SUDOERS}`)
      const [problem] = await judged()
      const line = /: `([^`]*)`\.$/.exec(problem?.sentence ?? '')?.[1] ?? ''
      await host.run(['sh', '-c', `cat >>${SUDOERS} && visudo -cf ${SUDOERS}`], { input: `${line}\n` })
      expect(await judged()).toEqual([])
      await sh(`cp /root/s ${SUDOERS}`)
    })
  })
})

describe.each(['dash', 'bash --posix', 'busybox sh'])('by %s, in folders that are made here', (shell) => {
  let folder = ''
  const at = (name: string) => join(folder, name)
  beforeEach((context) => {
    folder = mkdtempSync(join(tmpdir(), 'rust-deploy-preflight-'))
    need(context, 'shells', whyNoDebianRoot())
  })
  afterEach(() => removeFolder(folder))

  async function lookAround() {
    const parameters = { root: at('app'), conf: at('conf'), guard: at('guard'), ...preflightParameters(LINES) }
    await using call = new Called(hostScript('preflight', 'health'), parameters, shell)
    const end = await call.end()
    expect([end.kind, end.said]).toEqual(['done', ''])
    return readFacts(end.events)
  }

  test('where there is nothing, that is told', async () => {
    const facts = await lookAround()
    expect(facts).toMatchObject({
      ...{ conf: undefined, confFile: at('conf'), current: undefined, releases: [], health: undefined },
      ...{ lease: undefined, undecided: undefined, frozen: undefined, disk: { path: folder } },
      guard: { file: at('guard'), isThere: false, version: undefined },
    })
    expect(facts.folders.map(({ isThere, isWritable }) => isThere || isWritable)).toEqual([false, false, false])
    expect(facts.mount.point).not.toBe('')
    expect(Math.abs((facts.clock ?? 0) - Date.now() / 1000)).toBeLessThan(600)
  })

  test('what is there is told', async () => {
    for (const name of ['app/.rust-deploy', 'app/releases/broken', `app/releases/${RELEASE}`]) {
      mkdirSync(at(name), { recursive: true })
    }
    const file = { name: 'app', size: 7, sha256: SHA256 }
    const release = writeRelease({
      ...{ id: RELEASE, app: 'hello', version: '1.0.0', target: 'x86_64-unknown-linux-musl', binary: file },
      ...{ builtAt: '2026-11-21T00:00:00Z', files: [{ ...file, sha256: 'cd'.repeat(32) }], migrate: 'none' },
      commit: '0'.repeat(40),
    })
    writeFileSync(at(`app/releases/${RELEASE}/release.json`), release)
    writeFileSync(at('app/releases/broken/release.json'), `{"binary": {\n${'x'.repeat(1e6)}"sha256": "${SHA256}"`)
    writeFileSync(at('app/releases/file'), '')
    symlinkSync(`releases/${RELEASE}`, at('app/current'))
    writeFileSync(at('conf'), 'format=1\n# a note\nnote=a \\n "b"\nunits=hello')
    writeFileSync(at('guard'), '#!/bin/sh\n# a note\n# rust-deploy guard 7\nset -u\n', { mode: 0o755 })
    const boot = (await lookAround()).bootId
    writeFileSync(at('app/.rust-deploy/lease'), `t\nocto/hello\n${boot}\n99999999\nthen\n${RELEASE}\n`)
    writeFileSync(at('app/.rust-deploy/pending'), `x\n${boot}\n\ntoken\n`)
    writeFileSync(at('app/.rust-deploy/deadline.x'), '99999999\n')
    writeFileSync(at('app/.rust-deploy/frozen'), 'Until "noon".\n\\ Ann\n')
    const facts = await lookAround()
    expect(facts).toMatchObject({
      current: { target: `releases/${RELEASE}`, isThere: true },
      lease: { holder: 'octo/hello', since: 'then', release: RELEASE },
      undecided: { state: 'pending', release: 'x', previous: '' },
      ...{ frozen: 'Until "noon".\n\\ Ann', guard: { isThere: true, version: 7 } },
    })
    expect(facts.undecided?.seconds).toBeGreaterThan(0)
    expect(facts.conf).toEqual(new Map(Object.entries({ format: '1', note: 'a \\n "b"', units: 'hello' })))
    expect(facts.releases).toEqual([
      { id: RELEASE, sha256: SHA256 },
      { id: 'broken', sha256: undefined },
    ])

    // Of before a reboot: its time is over.
    writeFileSync(at('app/.rust-deploy/pending'), `x\nanother\nreleases/y\ntoken\n`)
    expect((await lookAround()).undecided).toMatchObject({ state: 'pending', previous: 'releases/y' })
    expect((await lookAround()).undecided?.seconds).toBeLessThan(0)
  })

  test('folders in place of files, and names that a shell would obey, are survived', async () => {
    const [files, states] = [
      ['conf', 'guard', 'app/current'],
      ['lease', 'pending', 'frozen', 'reverting.x'],
    ]
    for (const name of [...files, ...states.map((each) => `app/.rust-deploy/${each}`)]) {
      mkdirSync(at(name), { recursive: true })
    }
    const odd = `a $(touch x) "b" * ;'`
    for (const name of [odd, 'x/release.json']) mkdirSync(at(`app/releases/${name}`), { recursive: true })
    expect(await lookAround()).toMatchObject({
      ...{
        conf: new Map(),
        current: { target: '', isThere: true },
        frozen: '',
        lease: undefined,
        undecided: { state: 'reverting', release: '' },
      },
      releases: [
        { id: odd, sha256: undefined },
        { id: 'x', sha256: undefined },
      ],
    })
    symlinkSync('nowhere', at('app/releases/dangling'))
    writeFileSync(at('app/.rust-deploy/reverting.y'), '')
    expect((await lookAround()).undecided).toMatchObject({ state: 'reverting', release: '' })
  })
})
