import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import { WireReader } from './wire.ts'
import { unlessThrown } from './wrong.ts'

export type AgentKey = { type: string; fingerprint: string; comment: string }

/** An agent whose keys can be used, or the sentence that says why there is none. */
export type FoundAgent = { socket: string; keys: readonly AgentKey[] } | { why: string }

/** https://datatracker.ietf.org/doc/html/draft-ietf-sshm-ssh-agent */
const REQUEST_IDENTITIES = Buffer.from([0, 0, 0, 1, 11])
const IDENTITIES_ANSWER = 12

/** Agents send no longer message than this. */
const LONGEST = 256 * 1024
/** Asking for the names of keys needs nobody's finger and no password. */
const PATIENCE_MS = 5000

/** Keys on security keys, certificates and DSA cannot be used here. */
const USABLE = /^(ssh-(rsa|ed25519)|ecdsa-sha2-nistp(256|384|521))$/

const START_ONE = 'Start one (`eval "$(ssh-agent)"`, then `ssh-add`), or set `ssh-key`.'

export async function findAgent(environment: Readonly<Record<string, string | undefined>>): Promise<FoundAgent> {
  const socket = environment['SSH_AUTH_SOCK'] ?? ''
  if (socket === '') return { why: `There is no SSH agent: SSH_AUTH_SOCK is not set. ${START_ONE}` }
  const answer = await ask(socket)
  if ('why' in answer) return { why: `The SSH agent that SSH_AUTH_SOCK names ${answer.why}. ${START_ONE}` }
  const keys = unlessThrown(() => readAnswer(answer.message))
  if (keys === undefined) return { why: `What SSH_AUTH_SOCK names answers, but not as an SSH agent does. ${START_ONE}` }
  if (keys.length === 0) return { why: 'The SSH agent has no key: add one with `ssh-add`, or set `ssh-key`.' }
  const usable = keys.filter(({ type }) => USABLE.test(type))
  if (usable.length > 0) return { socket, keys: usable }
  return {
    why: 'The SSH agent has only keys that cannot be used here, such as those of security keys (FIDO), certificates or DSA: add another one with `ssh-add`, or set `ssh-key`.',
  }
}

const REFUSALS: Record<string, string> = {
  ENOENT: 'is gone: there is no such socket',
  ENOTDIR: 'is gone: there is no such socket',
  ECONNREFUSED: 'is gone: nobody listens at that socket',
  EACCES: 'belongs to somebody else: its socket may not be opened',
  EPERM: 'belongs to somebody else: its socket may not be opened',
}

function ask(socket: string): Promise<{ message: Buffer } | { why: string }> {
  return new Promise((resolve) => {
    const connection = unlessThrown(() => connect(socket))
    if (connection === undefined) return resolve({ why: 'cannot be there: that is no path of a socket' })
    const finish = (result: { message: Buffer } | { why: string }) => {
      clearTimeout(timer)
      connection.destroy()
      resolve(result)
    }
    const seconds = PATIENCE_MS / 1000
    const timer = setTimeout(() => finish({ why: `did not answer within ${seconds} seconds` }), PATIENCE_MS)
    let received = Buffer.alloc(0)
    connection.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      const length = received.length < 4 ? undefined : received.readUInt32BE()
      if (length === undefined) return
      if (length > LONGEST) finish({ why: 'answers, but not as an SSH agent does' })
      else if (received.length >= 4 + length) finish({ message: received.subarray(4, 4 + length) })
    })
    connection.on('error', ({ code = '' }: NodeJS.ErrnoException) =>
      finish({ why: REFUSALS[code] ?? `cannot be reached (${code})` }),
    )
    connection.on('close', () => finish({ why: 'ended the connection without an answer' }))
    connection.write(REQUEST_IDENTITIES)
  })
}

function readAnswer(message: Buffer): AgentKey[] {
  if (message[0] !== IDENTITIES_ANSWER) throw new Error('no list of identities')
  const reader = new WireReader(message, 1)
  const count = reader.number()
  const keys: AgentKey[] = []
  // A count that lies ends with the bytes.
  while (keys.length < count) keys.push(readKey(reader.string(), reader.string()))
  return keys
}

function readKey(blob: Buffer, comment: Buffer): AgentKey {
  const digest = createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')
  return {
    type: new WireReader(blob).string().toString('latin1'),
    fingerprint: `SHA256:${digest}`,
    // Anybody may have written it, and it will be shown.
    comment: comment.toString().replace(/\p{C}/gu, '').slice(0, 200),
  }
}
