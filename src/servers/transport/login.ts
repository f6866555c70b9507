import type { Duplex } from 'node:stream'
import type { AnyAuthMethod, Client, ServerHostKeyAlgorithm } from 'ssh2'
import type { Hop } from './hop.ts'
import { askEvery, Link } from './link.ts'
import type { Seen } from './trouble.ts'
import { orAborted } from './within.ts'

/** Of what an unknown server says before we know that it speaks SSH, and as a banner. */
const MOST_HEARD = 1024

/** Everything from a bare socket to a login. Writes down in `seen` how far it came. */
export async function logIn(
  hop: Hop,
  socket: Duplex,
  seen: Seen,
  { silenceMs, signal }: { silenceMs: number; signal: AbortSignal },
): Promise<Link> {
  seen.stage = 'greeting'
  const { NodeSSH } = await import('node-ssh')
  const ssh = new NodeSSH()
  const ready = ssh.connect({
    sock: socket,
    username: hop.place.user,
    ...judging(hop, seen),
    ...offering(hop, seen),
    // Its time is counted by our caller, and its silence by the link.
    readyTimeout: 0,
    keepaliveInterval: askEvery(silenceMs),
    keepaliveCountMax: Number.MAX_SAFE_INTEGER,
  })
  // There as soon as `connect` was called; node-ssh forgets it when it ends.
  const link = new Link(ssh.connection as Client, socket)
  listen(ssh.connection as Client, socket, seen)
  try {
    await orAborted(ready, signal, link.over)
    link.watch(silenceMs)
    return link
  } catch (error) {
    const why = signal.aborted ? signal.reason : (link.error ?? error)
    link.drop(why)
    throw why
  }
}

function judging({ hostKeyAlgorithms, judgeHostKey }: Hop, seen: Seen) {
  const known = hostKeyAlgorithms?.filter(isSpoken)
  // ssh2 would take an empty list for any.
  if (known?.length === 0) {
    seen.stage = 'exchanging'
    throw new Error('no matching host key format')
  }
  return {
    ...(known === undefined ? {} : { algorithms: { serverHostKey: known } }),
    hostVerifier: (key: Buffer): boolean => {
      seen.stage = 'exchanging'
      const verdict = judgeHostKey(key)
      if (verdict.kind === 'pinned') return true
      seen.rejected = { key, why: verdict.why }
      return false
    },
  }
}

/** ssh2 throws when it is asked for one that it does not know. */
function isSpoken(algorithm: string): algorithm is ServerHostKeyAlgorithm {
  return /^(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)|rsa-sha2-(512|256)|ssh-rsa)$/.test(algorithm)
}

/** One method and no second try. */
function offering({ login, place }: Hop, seen: Seen) {
  const username = place.user
  const method: AnyAuthMethod =
    login.kind === 'key'
      ? { type: 'publickey', username, key: login.text }
      : { type: 'agent', username, agent: login.socket }
  return {
    // Never for anybody else's use over there.
    agentForward: false,
    authHandler: (accepted: readonly string[] | null, isPartial: boolean | null): AnyAuthMethod | false => {
      const isFirst = seen.stage !== 'logging in'
      seen.stage = 'logging in'
      if (isFirst) return method
      // Nothing, where it was not even offered.
      if (accepted !== null) seen.accepted = accepted
      seen.isPartial = isPartial === true
      return false
    },
  }
}

function listen(client: Client, socket: Duplex, seen: Seen): void {
  const hear = (chunk: Buffer) => {
    seen.heard = (seen.heard + chunk.toString('latin1')).slice(0, MOST_HEARD)
    if (!/^SSH-/m.test(seen.heard)) return
    socket.removeListener('data', hear)
    if (seen.stage === 'greeting') seen.stage = 'exchanging'
  }
  // It has been paused, and is not started by this.
  socket.on('data', hear)
  client.on('banner', (text) => {
    seen.banner = (seen.banner + text).slice(0, MOST_HEARD)
  })
}
