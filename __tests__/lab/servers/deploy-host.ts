import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { EventReader, type HostEvent } from '../../../src/servers/protocol/events.ts'
import { COMMAND } from '../../../src/servers/protocol/loader.ts'
import { type Outcome, outcomeOf } from '../../../src/servers/protocol/outcome.ts'
import { headOf, type Parameters } from '../../../src/servers/protocol/stdin.ts'
import type { Host } from '../host/host.ts'
import { hostScript, MARK } from './called.ts'

export const ROOT = '/srv/app'
export const PORT = '8080'

export const GUARD = '/usr/local/libexec/rust-deploy/guard'

export function guardText(): string {
  const parts = ['world', 'health', 'guard'].map((name) =>
    readFileSync(join(import.meta.dirname, `../../../src/servers/host/${name}.sh`), 'utf8'),
  )
  return `#!/bin/sh\n# rust-deploy guard 1\n${parts.join('\n')}`
}

/** What bootstrap will make, by hand: users, units, guard, rights. */
export async function prepareForDeploys(host: Host): Promise<void> {
  const files: Record<string, string> = {
    [GUARD]: guardText(),
    '/etc/rust-deploy/app.conf': `format=1\nunits=app\nport=${PORT}\nhealth=/\n`,
    '/etc/systemd/system/app.service': `[Unit]\nStartLimitBurst=5\n[Service]\nType=exec\nUser=app\nEnvironmentFile=${ROOT}/current/env\nExecStart=${ROOT}/current/app\nRestart=on-failure\nRestartSec=100ms\nTimeoutStopSec=5\n[Install]\nWantedBy=multi-user.target\n`,
    '/etc/systemd/system/rust-deploy-guard@.service':
      '[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=exec\nUser=deploy\nExecStart=/usr/local/libexec/rust-deploy/guard %i\nRestart=on-failure\nRestartSec=200ms\n',
    '/etc/systemd/system/rust-deploy-guard@.path':
      '[Unit]\nStartLimitIntervalSec=0\n[Path]\nPathExists=/srv/%i/.rust-deploy/pending\nPathExistsGlob=/srv/%i/.rust-deploy/reverting.*\nUnit=rust-deploy-guard@%i.service\n[Install]\nWantedBy=multi-user.target\n',
    '/etc/sudoers.d/rust-deploy-app': `deploy ALL=(root) NOPASSWD: NOSETENV: ${['start', 'stop', 'restart', 'reset-failed'].map((verb) => `/usr/bin/systemctl ${verb} app.service`).join(', ')}\n`,
  }
  await host.run(['useradd', '--system', '--create-home', '--shell', '/bin/sh', 'deploy'])
  await host.run(['useradd', '--system', '--shell', '/usr/sbin/nologin', 'app'])
  for (const [path, content] of Object.entries(files)) {
    const script = 'mkdir -p "$(dirname "$1")" && cat >"$1" && chmod "$2" "$1"'
    await host.run(['sh', '-c', script, 'sh', path, modeOf(path)], { input: content })
  }
  await host.run(['visudo', '-cf', '/etc/sudoers.d/rust-deploy-app'])
  await host.run(['install', '-d', '-o', 'deploy', '-g', 'deploy', ROOT, `${ROOT}/releases`])
  await host.run(['install', '-d', '-o', 'deploy', '-g', 'deploy', '-m', '700', `${ROOT}/.rust-deploy`])
  await host.run(['systemctl', 'daemon-reload'])
  await host.run(['systemctl', 'enable', '--quiet', 'app.service', 'rust-deploy-guard@app.path'])
  await host.run(['systemctl', 'start', 'rust-deploy-guard@app.path'])
}

function modeOf(path: string): string {
  if (path.includes('sudoers')) return '440'
  return path.includes('libexec') ? '755' : '644'
}

/** A release that is there, with a program that tells its version, or does what a script says. */
export async function putRelease(host: Host, id: string, program = serving()): Promise<void> {
  const folder = `${ROOT}/releases/${id}`
  const script =
    'mkdir -p "$1/www" && cat >"$1/app" && chmod 755 "$1/app" && printf "%s" "$2" >"$1/www/index.html" && printf "ID=%s\\n" "$2" >"$1/env" && chmod 600 "$1/env" && printf "{}" >"$1/release.json"'
  await host.run(['sh', '-c', script, 'sh', folder, id], { user: 'deploy', input: program })
}

/** A program that serves the page that lies beside it. */
export function serving(before = ''): string {
  return `#!/bin/sh\n${before}\nexec busybox httpd -f -p 127.0.0.1:${PORT} -h "$(dirname "$0")/www"\n`
}

export async function holdLease(host: Host, token: string, release: string): Promise<void> {
  const script =
    'read -r boot </proc/sys/kernel/random/boot_id; printf "%s\\n" "$1" test "$boot" 99999999 now "$2" >/srv/app/.rust-deploy/lease'
  await host.run(['sh', '-c', script, 'sh', token, release], { user: 'deploy' })
}

/** One script of ours on the host, as its deploy user. */
export function callOn(host: Host, name: string, parameters: Parameters): Promise<Outcome> {
  return callText(host, hostScript(name, 'health'), parameters)
}

/** The exit code of a shell tells a signal by this. */
const BY_SIGNAL = 128

export async function callText(host: Host, text: string, parameters: Parameters): Promise<Outcome> {
  const events: HostEvent[] = []
  const reader = new EventReader(MARK, (event) => events.push(event))
  const input = headOf(text, { mark: MARK, app: 'app', ...parameters })
  // What is killed is the program itself: something else must be there to tell of it.
  const argv = ['sh', '-c', 'sh -c "$1"; exit $?', 'sh', COMMAND] as const
  const { code, stdout, stderr } = await host.exec([...argv], { user: 'deploy', input, timeoutMs: 180_000 })
  reader.take(new TextEncoder().encode(stdout))
  reader.end()
  const said = reader.said + stderr
  return outcomeOf(
    code > BY_SIGNAL ? { kind: 'signalled', signal: String(code - BY_SIGNAL) } : { kind: 'exited', code },
    events,
    said,
  )
}

export type Switched = { release: string; token?: string; more?: Parameters; script?: string }

export function switchTo(host: Host, { release, token = 'token', more = {}, script }: Switched): Promise<Outcome> {
  const usual = { window: '60', timeout: '5', soak: '1', port: PORT, path: '/', proof: release }
  return callText(host, script ?? hostScript('switch', 'health'), { token, release, ...usual, ...more })
}

const ANSWER = `exec 3<>/dev/tcp/127.0.0.1/${PORT} && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && sed '1,/^\\r$/d' <&3`

/** What is current, what answers, and which files say that something is undecided or how it ended. */
export async function factsOf(host: Host) {
  const [current, answer, state] = await Promise.all([
    host.exec(['readlink', `${ROOT}/current`]),
    host.exec(['sh', '-c', 'timeout 3 bash -c "$1" || exit 1', 'sh', ANSWER]),
    host.run(['ls', `${ROOT}/.rust-deploy`]),
  ])
  const left = state.split('\n').filter((name) => /^(pending|reverting|deadline|rolledback|confirmed)/.test(name))
  return { current: current.stdout.trim().replace('releases/', ''), answer: answer.stdout, left }
}
