import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { Cancelled, Refused } from '../../report/ending.ts'
import type { Log } from '../../report/log.ts'
import type { Connection } from './connection.ts'
import { type Hop, nameOf } from './hop.ts'
import type { Link } from './link.ts'
import { logIn } from './login.ts'
import { MOST_ATTEMPTS, pauseAfter } from './patience.ts'
import { reach } from './reach.ts'
import { SshConnection } from './ssh-connection.ts'
import { type Seen, type Trouble, troubleOf } from './trouble.ts'
import { within } from './within.ts'

export type Limits = {
  /** For the whole way: all hops, all attempts. */
  connectMs: number
  /** For one attempt at one hop. */
  attemptMs: number
  /** A server that is silent for so long is gone. */
  silenceMs: number
}

const LIMITS: Limits = {
  // Most servers that are just being restarted are back by then, and nobody should wait longer for a wrong address.
  connectMs: 60_000,
  // By then the first packet of a connection has been sent several times.
  attemptMs: 15_000,
  // A runner has to notice that it lost its host before the host's guard gives up the runner.
  silenceMs: 20_000,
}

export type ConnectOptions = Hop & {
  limits?: Partial<Limits>
  /** For the connecting; what is connected is ended by `close`. */
  signal: AbortSignal
  log: Log
}

type Terms = { limits: Limits; signal: AbortSignal; log: Log }

/** Logs in at each hop on the way and at the host. Nothing is changed there by it. */
export async function connect({ limits, signal, log, ...hop }: ConnectOptions): Promise<Connection> {
  const terms = { limits: { ...LIMITS, ...limits }, signal, log }
  const way: Link[] = []
  try {
    const target = await inTime(hop, terms, async (each) => {
      for (const jump of jumpsTo(hop)) way.push(await linkTo(jump, way.at(-1), each))
      return await linkTo(hop, way.at(-1), each)
    })
    const another = (wanted: AbortSignal) =>
      inTime(hop, { ...terms, signal: wanted }, (each) => linkTo(hop, way.at(-1), each))
    return new SshConnection({ name: nameOf(hop.place), target, way, another })
  } catch (error) {
    for (const link of way.reverse()) await link.close()
    throw error
  }
}

/** The first one first. */
function jumpsTo({ jump }: Hop): Hop[] {
  return jump === undefined ? [] : [...jumpsTo(jump), jump]
}

/** Arms the limit of the whole before anything begins. */
async function inTime(hop: Hop, terms: Terms, work: (terms: Terms) => Promise<Link>): Promise<Link> {
  const { signal, limits } = terms
  try {
    return await within(limits.connectMs, signal, (limited) => work({ ...terms, signal: limited }))
  } catch (error) {
    if (signal.aborted) throw new Cancelled(`The login at ${nameOf(hop.place)} was cancelled.`, { cause: error })
    throw error
  }
}

/** One hop, with as many attempts as its trouble is worth. */
async function linkTo(hop: Hop, via: Link | undefined, { limits, signal, log }: Terms): Promise<Link> {
  for (let attempt = 1; ; attempt++) {
    const seen: Seen = { stage: 'reaching', heard: '', banner: '' }
    let trouble: Trouble
    try {
      return await within(limits.attemptMs, signal, (limited) => attemptAt(hop, via, seen, limits.silenceMs, limited))
    } catch (error) {
      trouble = troubleOf(hop, seen, error)
      if (!trouble.mayPass || attempt === MOST_ATTEMPTS || signal.aborted) throw refused(trouble, attempt, error)
    }
    log.info(`${trouble.what}; trying again.`)
    await sleep(pauseAfter(attempt), undefined, { signal }).catch((error: unknown) => {
      throw refused(trouble, attempt, error)
    })
  }
}

async function attemptAt(hop: Hop, via: Link | undefined, seen: Seen, silenceMs: number, signal: AbortSignal) {
  const { host, port } = hop.place
  let socket: Duplex | undefined
  try {
    socket = via === undefined ? await reach(hop.place, signal) : await via.openWay(host, port, signal)
    return await logIn(hop, socket, seen, { silenceMs, signal })
  } catch (error) {
    socket?.destroy()
    throw error
  }
}

function refused({ what, remedy, mayPass }: Trouble, attempts: number, cause: unknown): Refused {
  const tried = mayPass && attempts > 1 ? ` (tried ${attempts} times)` : ''
  return new Refused(`${what}${tried}. ${remedy}.`, { cause })
}
