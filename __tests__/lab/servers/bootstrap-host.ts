import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { strictHardening } from '../../../src/servers/bootstrap/hardening.ts'
import { type BootstrapOptions, bootstrapParameters, bootstrapPayload } from '../../../src/servers/bootstrap/input.ts'
import type { BootstrapPlan } from '../../../src/servers/bootstrap/plan.ts'
import { EventReader, type HostEvent } from '../../../src/servers/protocol/events.ts'
import { COMMAND } from '../../../src/servers/protocol/loader.ts'
import { type Outcome, outcomeOf } from '../../../src/servers/protocol/outcome.ts'
import { headOf } from '../../../src/servers/protocol/stdin.ts'
import type { Host } from '../host/host.ts'
import { hostScript, MARK } from './called.ts'

export const KEY = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${'A'.repeat(43)} a laptop`

export const GUARD = ['world', 'health', 'guard']
  .map((name) => readFileSync(join(import.meta.dirname, `../../../src/servers/host/${name}.sh`), 'utf8'))
  .join('\n')

export function planOf(more: Partial<BootstrapPlan> = {}): BootstrapPlan {
  const plan: Omit<BootstrapPlan, 'hardening'> = {
    app: 'app',
    bin: 'app',
    deployUser: 'deploy',
    serviceUser: 'app',
    units: [{ name: 'app', arguments: [] }],
    strategy: 'restart',
    port: 8080,
    health: '/',
    authorize: [KEY],
    guardScript: GUARD,
    ...more,
  }
  return { hardening: strictHardening(plan), ...plan }
}

type Differently = { user?: string; spoil?: (payload: string) => string }

/** As an administrator's connection would run it. */
export async function bootstrap(
  host: Host,
  options: BootstrapOptions,
  { user = 'root', spoil = (payload) => payload }: Differently = {},
): Promise<Outcome> {
  const events: HostEvent[] = []
  const reader = new EventReader(MARK, (event) => events.push(event))
  const parameters = { mark: MARK, app: options.plan.app, ...bootstrapParameters(options) }
  const input = headOf(hostScript('bootstrap'), parameters) + spoil(bootstrapPayload(options.plan))
  const { code, stdout, stderr } = await host.exec(['sh', '-c', COMMAND], { user, input, timeoutMs: 180_000 })
  reader.take(new TextEncoder().encode(stdout))
  reader.end()
  return outcomeOf({ kind: 'exited', code }, events, reader.said + stderr)
}

export function changesIn({ events }: Outcome): string[] {
  return events.filter(({ event }) => event === 'did' || event === 'would').map(({ what, name }) => `${what} ${name}`)
}

const PLACES = ['/etc', '/usr/local', '/srv', '/home', '/var/lib']
/** Theirs is not ours: what systemd, logins and package tools write as they go. */
const NOT_OURS =
  /^\/etc\/(resolv\.conf|mtab|\.updated|machine-id|hostname|hosts|ssh\/)|^\/var\/lib\/(systemd|dpkg|apt|private|sudo)/

/** Each path with its kind, rights, owner and digest, and with its times if these are asked for. */
export async function treeOf(host: Host, { times }: { times: boolean }): Promise<string[]> {
  const format = `%p %y %m %u:%g %l ${times ? '%C@ %T@ ' : ''}`
  const script = `find ${PLACES.join(' ')} -xdev -printf '${format}' \\( -type f -exec sha256sum {} \\; -o -printf '\\n' \\)`
  const lines = (await host.run(['sh', '-c', script])).split('\n')
  return lines.filter((line) => line !== '' && !NOT_OURS.test(line)).sort()
}
