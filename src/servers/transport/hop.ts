/** Where a login is. */
export type Place = {
  /** For people: it stays readable where the address is masked. */
  alias: string
  user: string
  host: string
  port: number
}

export type Login =
  /** The text of a private key that needs no passphrase; `fingerprint` is that of its public half. */
  { kind: 'key'; text: string; fingerprint?: string | undefined } | { kind: 'agent'; socket: string }

/** Whether we talk to the owner of a host key. `why` holds whole sentences: what was expected, and what to do. */
export type HostKeyVerdict = { kind: 'pinned' } | { kind: 'other' | 'revoked' | 'unknown'; why: string }

/** One SSH server on the way, the last of which is the host itself. */
export type Hop = {
  place: Place
  login: Login
  /** Is asked for every connection, before anything of the login is sent. */
  judgeHostKey(key: Buffer): HostKeyVerdict
  /** A server has several keys and shows the one that is asked for; without it, whichever it likes. */
  hostKeyAlgorithms?: readonly string[] | undefined
  /** The hop before, which this one is reached through. */
  jump?: Hop | undefined
}

/** As people and log lines call it. */
export function nameOf({ alias, user, host, port }: Place): string {
  const address = `${user}@${host.includes(':') ? `[${host}]` : host}:${port}`
  return alias === host ? address : `${alias} (${address})`
}
