import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { bootstrapFiles } from '../../../src/servers/bootstrap/files.ts'
import { rootCommands } from '../../../src/servers/bootstrap/sudoers.ts'
import { need } from '../ground/need.ts'
import { type Host, startHost, whyNoHosts } from '../host/host.ts'
import { bootstrap, planOf } from './bootstrap-host.ts'
import { putRelease } from './deploy-host.ts'

beforeEach((context) => need(context, 'host', whyNoHosts()))

const stack = new AsyncDisposableStack()
afterAll(() => stack.disposeAsync())
let host: Host
const plan = planOf()

beforeAll(async () => {
  if (whyNoHosts() !== undefined) return
  host = stack.use(await startHost())
  expect((await bootstrap(host, { plan })).kind).toBe('done')
  await putRelease(host, '1')
  await host.run(['sh', '-c', 'cd /srv/app && ln -s releases/1 current && ln -s releases/1 next'], { user: 'deploy' })
})

test('sudo lists exactly the commands of the plan', async () => {
  const said = await host.run(['sudo', '-n', '-l'], { user: 'deploy' })
  const listed = said.slice(said.lastIndexOf('NOPASSWD:') + 'NOPASSWD:'.length).split(',')
  expect(listed.map((command) => command.replaceAll(/\s+/g, ' ').trim())).toEqual(rootCommands(plan))
})

test.each(rootCommands(plan))('%s may be run', async (command) => {
  const [program = '', ...args] = command.split(' ')
  const { stderr } = await host.exec(['sudo', '-n', program, ...args], { user: 'deploy' })
  // Whatever becomes of it, systemd was asked.
  expect(stderr).not.toMatch(/sudo:|not allowed|password/)
})

const SYSTEMCTL = '/usr/bin/systemctl'
const REFUSED = /a password is required|not allowed|not permitted/

test.each([
  [[SYSTEMCTL, 'restart', 'ssh.service']],
  [[SYSTEMCTL, 'restart', 'app']],
  [[SYSTEMCTL, 'restart', 'app.service', 'ssh.service']],
  [[SYSTEMCTL, 'restart', '--no-block', 'app.service']],
  [[SYSTEMCTL, '--no-block', 'restart', 'app.service']],
  [[SYSTEMCTL, 'restart', 'app.service', '']],
  [[SYSTEMCTL, 'restart', 'app.servic?']],
  [[SYSTEMCTL, 'restart', '*']],
  [[SYSTEMCTL, '-H', 'elsewhere', 'restart', 'app.service']],
  [[SYSTEMCTL]],
  [[SYSTEMCTL, 'status', 'app.service']],
  [[SYSTEMCTL, 'edit', 'app.service']],
  [[SYSTEMCTL, 'edit', '--full', '--force', 'mine.service']],
  [[SYSTEMCTL, 'link', '/srv/app/mine.service']],
  [[SYSTEMCTL, 'enable', '/srv/app/mine.service']],
  [[SYSTEMCTL, 'set-property', 'app.service', 'User=root']],
  [[SYSTEMCTL, 'set-environment', 'LD_PRELOAD=/srv/app/mine.so']],
  [[SYSTEMCTL, 'daemon-reload']],
  [[SYSTEMCTL, 'mask', 'rust-deploy-guard@app.service']],
  [[SYSTEMCTL, 'stop', 'rust-deploy-guard@app.path']],
  [[SYSTEMCTL, 'stop', 'app-migrate.service']],
  [[SYSTEMCTL, 'poweroff']],
  [['/usr/bin/systemd-run', '/bin/sh']],
  [['/usr/bin/journalctl']],
  [['/usr/bin/env', 'A=1', SYSTEMCTL, 'restart', 'app.service']],
  [['SYSTEMD_PAGER=/bin/sh', SYSTEMCTL, 'restart', 'app.service']],
  [['LD_PRELOAD=/srv/app/mine.so', SYSTEMCTL, 'restart', 'app.service']],
  [['--preserve-env', SYSTEMCTL, 'restart', 'app.service']],
  [['--preserve-env=PATH', SYSTEMCTL, 'restart', 'app.service']],
  [['-u', 'app', SYSTEMCTL, 'restart', 'app.service']],
  [['-u', 'app', '/bin/sh']],
  [['-g', 'root', SYSTEMCTL, 'restart', 'app.service']],
  [['-D', '/root', SYSTEMCTL, 'restart', 'app.service']],
  [['-R', '/srv/app', SYSTEMCTL, 'restart', 'app.service']],
  [['-s']],
  [['-i']],
  [['-e', '/etc/systemd/system/app.service']],
  [['/bin/sh']],
  [['/usr/local/libexec/rust-deploy/guard', 'app']],
])('sudo %j is refused', async (argv) => {
  const { code, stdout, stderr } = await host.exec(['sudo', '-n', ...argv], { user: 'deploy' })
  expect([code, stdout, stderr]).toEqual([1, '', expect.stringMatching(REFUSED)])
})

test('sudo does not tell a blank in an argument from one between two, and systemctl takes no such verb', async () => {
  const { code, stderr } = await host.exec(['sudo', '-n', SYSTEMCTL, 'restart app.service'], { user: 'deploy' })
  expect([code, stderr]).toEqual([1, 'Unknown command verb restart app.service.\n'])
})

test('without sudo nothing is restarted, and the service itself may do no more', async () => {
  for (const user of ['deploy', 'app']) {
    for (const order of [['restart', 'app.service'], ['daemon-reload'], ['stop', 'rust-deploy-guard@app.path']]) {
      const { code } = await host.exec([SYSTEMCTL, '--no-ask-password', ...order], { user })
      expect(code, `${user} ${order.join(' ')}`).not.toBe(0)
    }
  }
  const { code, stderr } = await host.exec(['sudo', '-n', SYSTEMCTL, 'restart', 'app.service'], { user: 'app' })
  expect([code, stderr]).toEqual([1, expect.stringMatching(REFUSED)])
})

test('no file of root’s is written, removed, or replaced by one of the same name', async () => {
  const script = `for f; do
      if (echo >>"$f") 2>/dev/null; then echo "$f is open"; fi
      if test -e "$f" && rm -f "$f" 2>/dev/null; then echo "$f is removable"; fi
      if (echo >"$(dirname "$f")/mine") 2>/dev/null; then echo "beside $f is open"; fi
    done`
  const paths = bootstrapFiles(plan).map(({ path }) => path)
  for (const user of ['deploy', 'app']) {
    expect(await host.run(['sh', '-c', script, 'sh', ...paths], { user })).toBe('')
  }
  const releases = ['/srv/app/mine', '/srv/app/releases/mine', '/srv/app/releases/1/app', '/srv/app/.rust-deploy/mine']
  expect(await host.run(['sh', '-c', script, 'sh', ...releases], { user: 'app' })).toBe('')
  expect((await host.exec(['cat', '/srv/app/current/env'], { user: 'app' })).code).not.toBe(0)
})
