import { foreignText } from './foreign-text.ts'
import { type Hop, nameOf } from './hop.ts'
import { describeKey } from './host-key.ts'
import { secondsOf, TimeOver } from './within.ts'

/** How far an attempt came, and what was seen on the way. */
export type Seen = {
  stage: 'reaching' | 'greeting' | 'exchanging' | 'logging in'
  /** The very first of what the server sent. */
  heard: string
  /** What it wants to be read before a login. */
  banner: string
  /** A host key that was not accepted. */
  rejected?: { key: Buffer; why: string }
  /** What the server still accepts, after it has turned down what it was offered. */
  accepted?: readonly string[]
  /** What it was offered was right, and it wants more. */
  isPartial?: boolean
}

/** Why there is no connection. */
export type Trouble = {
  what: string
  remedy: string
  /** Whether the same attempt may go better a moment later. */
  mayPass: boolean
}

export function troubleOf(hop: Hop, seen: Seen, error: unknown): Trouble {
  switch (seen.stage) {
    case 'reaching':
      return hop.jump === undefined ? unreached(hop, error) : notForwarded(hop, hop.jump, error)
    case 'greeting':
      return notGreeted(hop, seen, error)
    case 'exchanging':
      return notExchanged(hop, seen, error)
    case 'logging in':
      // Servers count these and shut out who fails often: never again, whatever it was.
      return { ...notLoggedIn(hop, seen, error), mayPass: false }
  }
}

function unreached({ place }: Hop, error: unknown): Trouble {
  const name = nameOf(place)
  if (error instanceof TimeOver || codeOf(error) === 'ETIMEDOUT') {
    const time = error instanceof TimeOver ? ` within ${secondsOf(error.limitMs)}` : ''
    return {
      what: `${name} did not answer${time}`,
      remedy: `A firewall may drop what is sent to it: open port ${place.port} for this machine, or go through a jump host`,
      mayPass: true,
    }
  }
  switch (codeOf(error)) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_FAIL':
      return {
        what: `The name ${place.host} of ${name} does not resolve (${codeOf(error)})`,
        remedy: 'Correct the name, or its entry in the DNS that this machine asks',
        mayPass: true,
      }
    case 'ECONNREFUSED':
      return {
        what: `${name} refuses the connection: nothing listens there`,
        remedy: `Correct the address or the port, or start the SSH server`,
        mayPass: true,
      }
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EADDRNOTAVAIL':
      return {
        what: `There is no route from this machine to ${name} (${codeOf(error)})`,
        remedy: 'Correct the address, connect this machine to that network, or go through a jump host',
        mayPass: true,
      }
  }
  return {
    what: `${name} cannot be reached: ${messageOf(error)}`,
    remedy: 'Check the address and the network between',
    mayPass: true,
  }
}

const PROHIBITED = 1
const CONNECT_FAILED = 2

function notForwarded({ place }: Hop, jump: Hop, error: unknown): Trouble {
  const [name, over] = [nameOf(place), nameOf(jump.place)]
  if (error instanceof TimeOver) {
    return {
      what: `The jump host ${over} did not reach ${name} within ${secondsOf(error.limitMs)}`,
      remedy: `Open port ${place.port} there for the jump host`,
      mayPass: true,
    }
  }
  switch (reasonOf(error)) {
    case PROHIBITED:
      return {
        what: `The jump host ${over} forwards no connection to ${name}: it is administratively prohibited`,
        remedy: `Allow it for ${jump.place.user} in its sshd_config (AllowTcpForwarding, PermitOpen)`,
        mayPass: false,
      }
    case CONNECT_FAILED:
      return {
        what: `The jump host ${over} does not reach ${name}: ${messageOf(error)}`,
        remedy: 'Correct the address and the port as the jump host sees them, or start the SSH server there',
        mayPass: true,
      }
  }
  return {
    what: `The jump host ${over} opened no way to ${name}: ${messageOf(error)}`,
    remedy: 'Look into its log',
    mayPass: false,
  }
}

function notGreeted({ place }: Hop, { heard }: Seen, error: unknown): Trouble {
  const name = nameOf(place)
  if (/MaxStartups/.test(heard)) {
    return {
      what: `${name} has too many logins under way (MaxStartups)`,
      remedy: 'Deploy to it from fewer places at once, or raise MaxStartups in its sshd_config',
      mayPass: true,
    }
  }
  if (/Not allowed at this time/.test(heard)) {
    return {
      what: `${name} lets this machine wait, because logins from its address failed before (PerSourcePenalties)`,
      remedy: 'Correct the key or the user that failed, and try again in some minutes',
      mayPass: false,
    }
  }
  if (heard.trim() !== '') {
    return {
      what: `${name} is no SSH server: it said "${foreignText(heard)}"`,
      remedy: 'Correct the port',
      mayPass: false,
    }
  }
  if (error instanceof TimeOver) {
    return {
      what: `${name} takes connections, but said nothing within ${secondsOf(error.limitMs)}`,
      remedy: 'Check that an SSH server listens on this port, and that it is well',
      mayPass: true,
    }
  }
  return {
    what: `${name} closed the connection before it said a word`,
    remedy: 'It may be starting, have too many logins under way, or shut this address out (fail2ban, hosts.deny)',
    mayPass: true,
  }
}

function notExchanged({ place, hostKeyAlgorithms }: Hop, { rejected }: Seen, error: unknown): Trouble {
  const name = nameOf(place)
  if (rejected !== undefined) {
    return {
      what: `${name} showed the host key ${describeKey(rejected.key)}`,
      remedy: rejected.why.replace(/\.$/, ''),
      mayPass: false,
    }
  }
  if (/no matching host key/i.test(messageOf(error)) && hostKeyAlgorithms !== undefined) {
    return {
      what: `${name} has no host key of a pinned type (${hostKeyAlgorithms.join(', ')})`,
      remedy: 'Pin a key that it has: `ssh-keyscan` on a way that you trust, or its /etc/ssh/*.pub, shows them',
      mayPass: false,
    }
  }
  const [, kind] = /no matching (.+)$/i.exec(messageOf(error)) ?? []
  if (kind !== undefined) {
    return {
      what: `${name} and this side have no ${kind} in common`,
      remedy: 'Update its SSH server, or allow current algorithms in its configuration',
      mayPass: false,
    }
  }
  return {
    what: `The key exchange with ${name} failed: ${messageOf(error)}`,
    remedy: 'Check the network between, and the log of its SSH server',
    mayPass: error instanceof TimeOver || isBroken(error),
  }
}

function notLoggedIn({ place, login }: Hop, { banner, accepted, isPartial }: Seen, error: unknown) {
  const name = nameOf(place)
  const offered =
    login.kind === 'agent' ? 'the keys of the SSH agent' : `the key ${login.fingerprint ?? 'it was given'}`
  const said = banner.trim() === '' ? '' : `. It said: "${foreignText(banner)}"`
  if (levelOf(error) === 'agent') {
    return {
      what: `The SSH agent cannot be asked for the login at ${name}: ${messageOf(error)}`,
      remedy: 'Start it and set SSH_AUTH_SOCK, or give a key',
    }
  }
  if (isPartial) {
    return {
      what: `${name} takes ${offered} for ${place.user}, but wants ${accepted?.join(' or ')} as well${said}`,
      remedy: 'Let this user in with a key alone (AuthenticationMethods publickey)',
    }
  }
  if (accepted !== undefined) {
    const takesKeys = accepted.includes('publickey')
    return {
      what: `${name} does not let ${place.user} in with ${offered}; it still accepts ${accepted.join(', ') || 'nothing'}${said}`,
      remedy: takesKeys
        ? `Check the user, and that the public key stands in its authorized_keys there`
        : 'Allow public keys there (PubkeyAuthentication yes)',
    }
  }
  if (levelOf(error) === 'client-authentication') {
    return {
      what: `${offered[0]?.toUpperCase()}${offered.slice(1)} cannot be used at ${name}: ${messageOf(error)}`,
      remedy: 'Give a key of another type (ed25519)',
    }
  }
  return {
    what: `${name} broke off the login of ${place.user}: ${messageOf(error)}${said}`,
    remedy: `Its log says why: too many keys were offered, the account is locked, or nobody is let in now`,
  }
}

/** A line that was cut, not an answer. */
function isBroken(error: unknown): boolean {
  return levelOf(error) === 'client-socket' || codeOf(error) === 'ETIMEDOUT' || /closed|ended/.test(messageOf(error))
}

function codeOf(error: unknown): string {
  return textIn(error, 'code')
}

function levelOf(error: unknown): string {
  return textIn(error, 'level')
}

function textIn(error: unknown, name: string): string {
  const value: unknown = error instanceof Error ? Reflect.get(error, name) : undefined
  return typeof value === 'string' ? value : ''
}

/** Why a server opened no channel, as a number of RFC 4254. */
export function reasonOf(error: unknown): number | undefined {
  const reason: unknown = error instanceof Error ? Reflect.get(error, 'reason') : undefined
  return typeof reason === 'number' ? reason : undefined
}

export function messageOf(error: unknown): string {
  // Of several addresses each has an error of its own, and the whole has no words.
  if (error instanceof AggregateError && error.message === '') return messageOf(error.errors.at(-1))
  return foreignText(error instanceof Error ? error.message : String(error)).replace(/\.$/, '')
}
