import { describe, expect, test } from 'vitest'
import type { HostFacts, UnitFacts } from '../../../src/servers/preflight/facts.ts'
import { judgeHost } from '../../../src/servers/preflight/judge.ts'
import type { Wanted } from '../../../src/servers/preflight/wanted.ts'

const UNIT: UnitFacts = {
  ...{ load: 'loaded', active: 'active', sub: 'running', file: 'enabled', type: 'exec', user: 'app' },
  ...{ program: '/srv/app/current/app', starts: '/srv/app/current/app --serve' },
  environment: '/etc/default/app /srv/app/current/env',
  ...{ restarts: '0', invocation: '0'.repeat(32) },
}
const PATH_UNIT = { ...UNIT, sub: 'waiting', program: '', starts: '', environment: '' }
const GUARD_UNIT = { ...UNIT, active: 'inactive', sub: 'dead', file: 'static' }
const folder = (name: string) => ({ path: `/srv/app${name}`, isThere: true, isWritable: true, owner: 'deploy' })
const GUARD_FILE = '/usr/local/libexec/rust-deploy/guard'
const RESTART = '/usr/bin/systemctl restart app.service'
const STOP = '/usr/bin/systemctl stop app.service'
const LISTED = `Matching Defaults entries for deploy on web:
    env_reset, mail_badpass, secure_path=/usr/sbin\\:/usr/bin

User deploy may run the following commands on web:
    (root) NOSETENV: NOPASSWD: ${RESTART}, ${STOP}`

function units(more: Record<string, UnitFacts> = {}): Map<string, UnitFacts> {
  return new Map(
    Object.entries({
      'app.service': UNIT,
      'rust-deploy-guard@app.path': PATH_UNIT,
      'rust-deploy-guard@app.service': GUARD_UNIT,
      ...more,
    }),
  )
}

function conf(more: Record<string, string> = {}): Map<string, string> {
  return new Map(Object.entries({ format: '1', units: 'app', port: '8080', health: '/', ...more }))
}

const GOOD: HostFacts = {
  ...{ user: 'deploy', home: { path: '/home/deploy', isThere: true } },
  ...{ machine: 'x86_64', kernel: '6.1.0', clock: 1_795_000_000, bootId: 'b', glibc: '2.36', selinux: 'off' },
  ...{ missingPrograms: [], flockWaits: true },
  disk: { path: '/srv/app', freeBytes: 60e6, freeInodes: 60 },
  mount: { point: '/srv', isReadOnly: false, isNoexec: false },
  folders: ['', '/releases', '/.rust-deploy'].map(folder),
  ...{ conf: conf(), confFile: '/etc/rust-deploy/app.conf' },
  guard: { file: GUARD_FILE, isThere: true, version: 1 },
  ...{ systemd: { version: '252', isRunning: true }, units: units() },
  ...{ current: { target: 'releases/a', isThere: true }, releases: [] },
  ...{ lease: undefined, undecided: undefined, frozen: undefined },
  sudo: {
    ...{ answers: true, said: LISTED },
    lines: [
      { line: RESTART, isAllowed: true },
      { line: STOP, isAllowed: true },
    ],
  },
  health: { status: 200, port: '8080', path: '/', said: 'ok' },
}

const WANTED: Wanted = {
  ...{ app: 'app', user: 'deploy', units: ['app'], bytes: 20e6, files: 4 },
  ...{ machine: 'x86_64', libc: { kind: 'static' }, health: 'http', now: 1_795_000_300 },
}

function judged(facts: Partial<HostFacts>, wanted: Partial<Wanted> = {}) {
  return judgeHost({ ...GOOD, ...facts }, { ...WANTED, ...wanted })
}

test.each<[string, Partial<HostFacts>, Partial<Wanted>]>([
  ['as it should be', {}, {}],
  [
    'before its first deploy',
    { current: undefined, health: undefined, units: units({ 'app.service': { ...UNIT, active: 'failed' } }) },
    {},
  ],
  ['with just the glibc that is needed', { glibc: '2.36' }, { libc: { kind: 'glibc', version: '2.36' } }],
  ['with a newer glibc', { glibc: '2.40' }, { libc: { kind: 'glibc', version: '2.9' } }],
  ['with musl, for a static binary', { glibc: undefined }, {}],
  ['that runs 32 bits, too', {}, { machine: 'x86' }],
  ['of an architecture that nobody has heard of', { machine: 'z80' }, { machine: 'z80' }],
  ['whose file system counts no inodes', { disk: { path: '/srv', freeBytes: 1e9, freeInodes: undefined } }, {}],
  ['without curl', { missingPrograms: ['curl'] }, {}],
  ['without bash', { missingPrograms: ['bash', 'zstd'] }, {}],
  ['that has nothing to ask, for a worker', { missingPrograms: ['bash', 'curl'] }, { health: 'none' }],
  [
    'whose unit starts it through another program',
    {
      units: units({
        'app.service': { ...UNIT, program: '/usr/bin/nice', starts: '/usr/bin/nice /srv/app/current/app' },
      }),
    },
    {},
  ],
  [
    'whose guard waits for its turn',
    { units: units({ 'rust-deploy-guard@app.path': { ...PATH_UNIT, sub: 'running' } }) },
    {},
  ],
  [
    'where the deploy user may all without a password',
    { sudo: { answers: true, said: '    (ALL : ALL) NOPASSWD: ALL', lines: [{ line: RESTART, isAllowed: true }] } },
    {},
  ],
  [
    'where a pattern allows it',
    {
      sudo: {
        answers: true,
        said: '    (root) NOPASSWD: /usr/bin/systemctl * app.service',
        lines: [{ line: RESTART, isAllowed: true }],
      },
    },
    {},
  ],
  ['where SELinux only watches', { selinux: 'permissive' }, {}],
])('a host %s has no problem', (_, facts, wanted) => {
  expect(judged(facts, wanted)).toEqual([])
})

type Case = [code: string, facts: Partial<HostFacts>, wanted: Partial<Wanted>, sentence: RegExp]

function refusedBySudo(said: string): Partial<HostFacts> {
  return { sudo: { answers: false, said, lines: [] } }
}
function withUnit(more: Partial<UnitFacts>, name = 'app.service', unit = UNIT): Partial<HostFacts> {
  return { units: units({ [name]: { ...unit, ...more } }) }
}
const PATH_NAME = 'rust-deploy-guard@app.path'

const ERRORS: Case[] = [
  [
    'machine',
    { machine: 'aarch64' },
    {},
    /is for x86_64, but this host is aarch64\. .*target: aarch64-unknown-linux-musl/,
  ],
  ['machine', { machine: 'i686' }, {}, /target: i686-unknown-linux-musl/],
  ['machine', { machine: 'z80' }, {}, /Build for z80\.$/],
  [
    'glibc',
    { glibc: '2.17' },
    { libc: { kind: 'glibc', version: '2.34' } },
    /needs glibc 2\.34, but this host has 2\.17.*gnu\.2\.17/,
  ],
  ['glibc', { glibc: '2.9' }, { libc: { kind: 'glibc', version: '2.17' } }, /has 2\.9/],
  ['glibc-missing', { glibc: undefined }, { libc: { kind: 'glibc', version: '2.17' } }, /has none\. Build for musl/],
  [
    'disk-full',
    { disk: { path: '/srv/app', freeBytes: 59e6, freeInodes: 100 } },
    {},
    /Only 59\.0 MB are free on the disk of \/srv\/app; 60\.0 MB are needed.*keep/,
  ],
  [
    'inodes-full',
    { disk: { path: '/srv/app', freeBytes: 1e9, freeInodes: 59 } },
    {},
    /Only 59 inodes .* 60 are needed/,
  ],
  [
    'read-only',
    { mount: { point: '/srv', isReadOnly: true, isNoexec: false }, folders: [{ ...folder(''), isWritable: false }] },
    {},
    /mount -o remount,rw \/srv/,
  ],
  [
    'noexec',
    { mount: { point: '/srv', isReadOnly: false, isNoexec: true } },
    {},
    /noexec.*mount -o remount,exec \/srv/,
  ],
  [
    'not-bootstrapped',
    { conf: undefined, folders: [], units: new Map(), sudo: undefined },
    {},
    /\/etc\/rust-deploy\/app\.conf is not there.*rust-deploy bootstrap/,
  ],
  ['bootstrap-older', { conf: conf({ format: '0' }) }, {}, /older version .*format 0.*bootstrap` again/],
  ['bootstrap-older', { conf: conf({ format: 'x' }) }, {}, /format x/],
  ['bootstrap-newer', { conf: conf({ format: '2' }) }, {}, /newer version.*format 2/],
  ['other-user', { user: 'ann' }, {}, /login is ann, but deploy deploys app/],
  ['other-user', { conf: conf({ 'deploy-user': 'ben' }) }, {}, /login is deploy, but ben deploys app/],
  [
    'folder-missing',
    { folders: [folder(''), { ...folder('/releases'), isThere: false, isWritable: false }] },
    {},
    /\/srv\/app\/releases .*bootstrap` again/,
  ],
  [
    'folder-closed',
    { folders: [{ ...folder('/releases'), isWritable: false, owner: 'root' }] },
    {},
    /belongs to root\. As root: `chown -R deploy: \/srv\/app\/releases`/,
  ],
  [
    'systemd-missing',
    { systemd: { version: '', isRunning: false }, units: new Map(), missingPrograms: ['systemctl'] },
    {},
    /does not run systemd/,
  ],
  [
    'programs-missing',
    { missingPrograms: ['flock', 'sha256sum', 'tar', 'zstd'], flockWaits: false },
    {},
    /lacks flock, sha256sum, tar\./,
  ],
  ['flock', { flockWaits: false }, {}, /busybox.*util-linux/],
  ['nothing-asks', { missingPrograms: ['bash', 'curl'] }, {}, /neither curl, nor bash.*Install curl/],
  ['nothing-asks', { missingPrograms: ['curl', 'timeout'] }, {}, /Install curl/],
  ['nothing-asks', { missingPrograms: ['bash'] }, { health: 'port' }, /needs bash and timeout/],
  ['unit-missing', withUnit({ load: 'not-found' }), {}, /app\.service is not there/],
  ['unit-missing', { conf: conf({ sockets: 'app' }) }, {}, /app\.socket is not there/],
  ['systemd-silent', { units: new Map() }, {}, /systemctl show/],
  ['unit-masked', withUnit({ load: 'masked' }), {}, /systemctl unmask app\.service/],
  ['unit-broken', withUnit({ load: 'bad-setting' }), {}, /bad-setting.*systemd-analyze verify app\.service/],
  ['unit-unknown', {}, { units: ['app', 'worker'] }, /worker is no unit.*here \(app\)/],
  [
    'unit-elsewhere',
    withUnit({ program: '/opt/app', starts: '/opt/app --x' }),
    {},
    /runs `\/opt\/app --x`.*ExecStart be `\/srv\/app\/current\//,
  ],
  ['unit-environment', withUnit({ environment: '/etc/default/app' }), {}, /EnvironmentFile=\/srv\/app\/current\/env/],
  ['unit-environment', withUnit({ environment: '' }), {}, /does not read the environment/],
  ['unit-type', withUnit({ type: 'oneshot' }), {}, /Type=exec/],
  [
    'guard-missing',
    { guard: { file: GUARD_FILE, isThere: false, version: undefined } },
    {},
    /libexec\/rust-deploy\/guard; .*bootstrap` again/,
  ],
  ['guard-missing', withUnit({ load: 'not-found', active: 'inactive' }, PATH_NAME), {}, /rust-deploy-guard@app\.path/],
  [
    'guard-masked',
    withUnit({ load: 'masked' }, PATH_NAME),
    {},
    /systemctl unmask rust-deploy-guard@app\.path` and `systemctl enable --now rust-deploy-guard@app\.path`/,
  ],
  [
    'guard-masked',
    withUnit({ load: 'masked' }, 'rust-deploy-guard@app.service'),
    {},
    /unmask rust-deploy-guard@app\.service/,
  ],
  [
    'guard-older',
    { guard: { file: GUARD_FILE, isThere: true, version: undefined } },
    {},
    /version unknown.*1 is needed/,
  ],
  ['guard-older', { guard: { file: GUARD_FILE, isThere: true, version: 0 } }, {}, /version 0/],
  ['guard-newer', { guard: { file: GUARD_FILE, isThere: true, version: 2 } }, {}, /version 2.*knows 1/],
  [
    'guard-failed',
    withUnit({ active: 'failed', sub: 'failed' }, PATH_NAME, PATH_UNIT),
    {},
    /systemctl reset-failed rust-deploy-guard@app\.path/,
  ],
  [
    'guard-failed',
    withUnit({ active: 'failed' }, 'rust-deploy-guard@app.service', GUARD_UNIT),
    {},
    /reset-failed rust-deploy-guard@app\.service/,
  ],
  [
    'guard-disabled',
    withUnit({ active: 'inactive' }, PATH_NAME, PATH_UNIT),
    {},
    /is inactive.*systemctl enable --now rust-deploy-guard@app\.path/,
  ],
  [
    'guard-disabled',
    withUnit({ file: 'disabled' }, PATH_NAME, PATH_UNIT),
    {},
    /after a reboot.*systemctl enable --now/,
  ],
  ['sudo-missing', { sudo: undefined, missingPrograms: ['sudo'] }, {}, /has no sudo/],
  [
    'sudo-line',
    {
      sudo: {
        answers: true,
        said: LISTED,
        lines: [
          { line: RESTART, isAllowed: false },
          { line: STOP, isAllowed: true },
        ],
      },
    },
    {},
    /`deploy ALL=\(root\) NOPASSWD: NOSETENV: \/usr\/bin\/systemctl restart app\.service`\.$/,
  ],
  ['sudo-tty', refusedBySudo('sudo: sorry, you must have a tty to run sudo'), {}, /`Defaults:deploy !requiretty`/],
  ['sudo-password', refusedBySudo('sudo: a password is required'), {}, /wants a password of deploy/],
  [
    'sudo-password',
    { sudo: { answers: true, said: `${LISTED}\n    (ALL : ALL) ALL`, lines: [{ line: RESTART, isAllowed: true }] } },
    {},
    /for `\/usr\/bin\/systemctl restart app\.service`.*NOPASSWD: NOSETENV/,
  ],
  [
    'sudo-password',
    {
      sudo: {
        answers: true,
        said: `    (root) NOPASSWD: ${STOP}, PASSWD: ${RESTART}`,
        lines: [
          { line: RESTART, isAllowed: true },
          { line: STOP, isAllowed: true },
        ],
      },
    },
    {},
    /for `\/usr\/bin\/systemctl restart app\.service`\./,
  ],
  [
    'sudo-refuses',
    refusedBySudo('sudo: \u001b[31mno valid\nsudoers sources found'),
    {},
    /"sudo: no valid sudoers sources found".*visudo -c/,
  ],
  [
    'frozen',
    { frozen: 'Until noon.\nAnn' },
    {},
    /with the note "Until noon\. Ann".*remove \/srv\/app\/\.rust-deploy\/frozen/,
  ],
  ['frozen', { frozen: '' }, {}, /without a note/],
  [
    'current-dangling',
    { current: { target: 'releases/x', isThere: false } },
    {},
    /points to releases\/x, which is not there/,
  ],
  ['current-no-link', { current: { target: '', isThere: true } }, {}, /is no link.*mv /],
]

const PENDING = { state: 'pending', release: 'b', previous: 'releases/a', seconds: 40 } as const

const WARNINGS: Case[] = [
  [
    'home-missing',
    { home: { path: '/home/deploy', isThere: false } },
    {},
    /home folder \/home\/deploy of deploy is missing/,
  ],
  ['clock', { clock: 1_795_000_300 + 301 }, {}, /5 minutes ahead of.*timedatectl set-ntp true/],
  ['clock', { clock: 1_795_000_300 - 7200 }, {}, /120 minutes behind/],
  ['selinux', { selinux: 'enforcing' }, {}, /restorecon -R \/srv\/app/],
  [
    'undecided',
    { undecided: PENDING },
    {},
    /deploy of b is undecided: the guard goes back to releases\/a in 40 s unless/,
  ],
  ['undecided', { undecided: { ...PENDING, previous: '' } }, {}, /stops the service/],
  [
    'undecided',
    { undecided: { ...PENDING, seconds: -1 } },
    {},
    /not confirmed in time: the guard goes back to releases\/a now/,
  ],
  ['undecided', { undecided: { ...PENDING, state: 'reverting' } }, {}, /goes back to releases\/a now/],
  [
    'busy',
    { lease: { holder: 'octo/app, run 7', since: '2026-11-21T07:47:00Z', release: 'b', seconds: 9 } },
    {},
    /octo\/app, run 7 deploys b since .*lease ends in 9 s/,
  ],
  ['sick', withUnit({ active: 'activating', sub: 'auto-restart' }), {}, /app\.service is activating \(auto-restart\)/],
  ['sick', { health: { status: 500, port: '8080', path: '/', said: '' } }, {}, /port 8080 answers 500 to \//],
  ['sick', { health: { status: undefined, port: '8080', path: '/', said: '' } }, {}, /port 8080 answers nothing/],
]

describe.each([
  ['error', ERRORS],
  ['warning', WARNINGS],
] as const)('each %s comes alone, with its remedy', (level, cases) => {
  test.each(cases)('%s %#', (code, facts, wanted, sentence) => {
    const problems = judged(facts, wanted)
    expect(problems).toEqual([{ level, code, sentence: expect.stringMatching(sentence) }])
    expect(problems[0]?.sentence).toMatch(/^[A-Za-z/].*\.$/)
  })
})

test('on a host that is not prepared, only what bootstrap would not mend is told besides', () => {
  const bare: Partial<HostFacts> = {
    conf: undefined,
    machine: 'aarch64',
    sudo: undefined,
    units: new Map(),
    folders: [],
  }
  expect(judged(bare).map(({ code }) => code)).toEqual(['not-bootstrapped', 'machine'])
})
