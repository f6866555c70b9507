import { readFileSync } from 'node:fs'
import type { Log } from '../../../src/report/log.ts'
import type { HostEvent } from '../../../src/servers/protocol/events.ts'
import { type ConnectOptions, connect } from '../../../src/servers/transport/connect.ts'
import type { CallOptions, Connection } from '../../../src/servers/transport/connection.ts'
import type { Hop } from '../../../src/servers/transport/hop.ts'
import type { Host } from '../host/host.ts'
import { sshLogin } from '../host/login.ts'

/** The least that a script has to do with its parameters and its events. */
const PRELUDE = [
  'while IFS= read -r line && test -n "$line"; do eval "p_$' + '{line%%=*}=\\$' + '{line#*=}"; done',
  `tell() { printf '\\n%s {"event":"%s","value":"%s"}\\n' "$p_mark" "$1" "$2"; }`,
  `finish() { printf '\\n%s {"event":"end"}\\n' "$p_mark"; exit 0; }`,
  '',
].join('\n')

export const END: HostEvent = { event: 'end' }

type Wanted = Partial<CallOptions> & { body: string }

export function call({ body, ...options }: Wanted): CallOptions {
  return {
    script: PRELUDE + body,
    parameters: {},
    deadlineMs: 60_000,
    signal: new AbortController().signal,
    onEvent: () => {},
    ...options,
  }
}

/** Aborts as soon as a script has told this. */
export function whenTold(event: string): { signal: AbortSignal; onEvent(event: HostEvent): void } {
  const controller = new AbortController()
  return { signal: controller.signal, onEvent: (told) => told.event === event && controller.abort() }
}

/** A new key of a user of the host; the host's own key is the only one that is trusted. */
export async function hopTo(host: Host, user = 'root'): Promise<Hop> {
  const { privateKey } = await sshLogin(host, { user })
  return {
    place: { alias: host.name, user, host: host.address, port: host.sshPort },
    login: { kind: 'key', text: readFileSync(privateKey, 'utf8') },
    judgeHostKey: (key) =>
      `ssh-ed25519 ${key.toString('base64')}` === host.hostKey
        ? { kind: 'pinned' }
        : { kind: 'other', why: 'Another one is pinned. Pin this one, if it is right.' },
  }
}

export type Lines = Log & { readonly lines: readonly string[] }

export function lines(): Lines {
  const said: string[] = []
  return { lines: said, info: (text) => said.push(text), output: () => {}, finding: () => {} }
}

/** A connection that a test owns. */
export async function connected(options: Hop & Partial<ConnectOptions>): Promise<Connection & AsyncDisposable> {
  const connection = await connect({ signal: new AbortController().signal, log: lines(), ...options })
  return {
    call: (each) => connection.call(each),
    converse: (each) => connection.converse(each),
    close: () => connection.close(),
    [Symbol.asyncDispose]: () => connection.close(),
  }
}
