import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { type AddressInfo, createServer, connect as dial, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { connect } from '../../../src/servers/transport/connect.ts'
import type { Hop } from '../../../src/servers/transport/hop.ts'
import { run } from '../ground/command.ts'
import { need } from '../ground/need.ts'
import { type Host, startHost, whyNoHosts } from '../host/host.ts'
import { until } from '../host/until.ts'
import { call, connected, hopTo, lines, whenTold } from './transport-world.ts'

let host: Host & AsyncDisposable
let jump: Host & AsyncDisposable
let hop: Hop
let jumpHop: Hop

beforeAll(async () => {
  if (whyNoHosts() !== undefined) return
  ;[host, jump] = await Promise.all([startHost(), startHost()])
  await host.join(jump)
  for (const each of [host, jump]) await each.run(['useradd', '--create-home', '--shell', '/bin/sh', 'deploy'])
  hop = await hopTo(host, 'deploy')
  jumpHop = await hopTo(jump, 'deploy')
})
afterAll(async () => {
  await host?.[Symbol.asyncDispose]()
  await jump?.[Symbol.asyncDispose]()
})
beforeEach((context) => need(context, 'host', whyNoHosts()))
afterEach(async () => {
  if (whyNoHosts() !== undefined) return
  await Promise.all([host.network.restore(), jump.network.restore(), host.resume()])
  for (const each of [host, jump]) await each.run(['sh', '-c', RESET])
})

const SETTING = '/etc/ssh/sshd_config.d/test.conf'
const RESET = `rm -f /run/nologin; test ! -e ${SETTING} || { rm ${SETTING}; systemctl reload ssh; }`

async function setting(line: string, where: Host = host): Promise<void> {
  await where.run(['sh', '-c', `cat > ${SETTING} && systemctl reload ssh`], { input: `${line}\n` })
}

type Door = AsyncDisposable & { port: number; taken: number }

/** Stands before the host and counts who comes; `first` may do something else with the first of them. */
async function door(first: (socket: Socket, taken: number) => boolean = () => false, address = '127.0.0.1') {
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    opened.taken += 1
    sockets.add(near)
    near.on('error', () => {})
    if (first(near, opened.taken)) return
    const far = dial(host.sshPort, host.address)
    sockets.add(far)
    far.on('error', () => near.destroy())
    near.pipe(far).pipe(near)
  })
  server.listen(0, address)
  await once(server, 'listening')
  const opened: Door = {
    port: (server.address() as AddressInfo).port,
    taken: 0,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
  return opened
}

function through({ port }: Door, from = hop, address = '127.0.0.1'): Hop {
  return { ...from, place: { ...from.place, host: address, port } }
}

/** What a connect that must fail says, and what it logged. */
async function failure(options: Hop & { signal?: AbortSignal }) {
  const log = lines()
  const limits = { attemptMs: 5000 }
  const connecting = connect({ signal: new AbortController().signal, limits, log, ...options })
  const error: unknown = await connecting.then(
    async (connection) => {
      await connection.close()
      return new Error('it connected')
    },
    (reason: unknown) => reason,
  )
  return { message: error instanceof Error ? error.message : '', retries: log.lines.length }
}

test('a wrong key is told with what was offered and what is accepted, and tried once', async () => {
  await using counting = await door()
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  const login = { kind: 'key', text: privateKey, fingerprint: 'SHA256:abc' } as const
  const { message, retries } = await failure({ ...through(counting), login })
  expect(message).toBe(
    `${host.name} (deploy@127.0.0.1:${counting.port}) does not let deploy in with the key SHA256:abc; it still accepts publickey, password. Check the user, and that the public key stands in its authorized_keys there.`,
  )
  expect([counting.taken, retries]).toEqual([1, 0])
})

test('a wrong user is tried once', async () => {
  await using counting = await door()
  const wrong = through(counting)
  const { message } = await failure({ ...wrong, place: { ...wrong.place, user: 'nobody-here' } })
  expect(message).toContain('does not let nobody-here in with the key it was given')
  expect(counting.taken).toBe(1)
})

test('a server that takes no keys is told so', async () => {
  await setting('PubkeyAuthentication no')
  const { message } = await failure(hop)
  expect(message).toContain('it still accepts password. Allow public keys there (PubkeyAuthentication yes).')
  await setting('AuthenticationMethods publickey,password')
  expect((await failure(hop)).message).toContain('but wants password as well')
})

test('a host that lets nobody in now says why', async () => {
  await host.run(['sh', '-c', 'echo "Back at noon." > /run/nologin'])
  const { message, retries } = await failure(hop)
  expect(message).toContain('broke off the login of deploy')
  expect(message).toContain('Back at noon.')
  expect(retries).toBe(0)
})

test('a host key that is not accepted ends everything before the login (trap: no verification by default)', async () => {
  await using counting = await door()
  const { place, ...rest } = through(counting)
  for (const kind of ['other', 'revoked', 'unknown'] as const) {
    const judgeHostKey = () => ({ kind, why: `It is ${kind}. Paste this line.` })
    const { message, retries } = await failure({ ...rest, place: { ...place, user: 'never-here' }, judgeHostKey })
    expect(message).toMatch(/ showed the host key ssh-ed25519 SHA256:[\w+/]{43}\. It is \w+\. Paste this line\.$/)
    expect(retries).toBe(0)
  }
  expect(counting.taken).toBe(3)
  const journal = await host.run(['journalctl', '--quiet', '--unit', 'ssh'])
  expect(journal).toContain('Invalid user nobody-here')
  expect(journal).not.toContain('never-here')
})

test('a judge that fails has accepted nothing', async () => {
  const judgeHostKey = () => {
    throw new Error('no pins')
  }
  const { message, retries } = await failure({ ...hop, judgeHostKey })
  expect(message).toContain('no pins')
  expect(retries).toBe(0)
})

test('only the asked type of host key is shown, and a type that the server lacks is told', async () => {
  await using connection = await connected({ ...hop, hostKeyAlgorithms: ['ssh-ed25519'] })
  expect(await connection.call(call({ body: 'finish' }))).toMatchObject({ kind: 'done' })
  const lacking = await failure({ ...hop, hostKeyAlgorithms: ['ecdsa-sha2-nistp256'] })
  expect(lacking.message).toContain('has no host key of a pinned type (ecdsa-sha2-nistp256)')
  const unknown = await failure({ ...hop, hostKeyAlgorithms: ['sk-ssh-ed25519@openssh.com'] })
  expect(unknown.message).toContain('has no host key of a pinned type (sk-ssh-ed25519@openssh.com)')
})

test('no key exchange in common is told', async () => {
  await setting('KexAlgorithms sntrup761x25519-sha512@openssh.com')
  expect((await failure(hop)).message).toContain('have no key exchange algorithm in common')
})

test('a host is reached over a jump host that has its own key and pin, and which alone can reach it', async () => {
  await host.network.cut()
  await using connection = await connected({ ...hop, jump: jumpHop })
  const payload = Buffer.alloc(5_000_000)
  const outcome = await connection.call(
    call({ body: 'tell name "$(hostname)"\ntell size "$(wc -c)"\nfinish\n', payload }),
  )
  expect(outcome).toMatchObject({ kind: 'done', events: [{ value: host.name }, { value: `${payload.length}` }, {}] })
  await connection.close()
  await until('the jump host to be free', async () => {
    return (await jump.exec(['pgrep', '-f', 'sshd: deploy'])).code !== 0
  })
})

test('each hop of a jump is judged and logged in at by itself', async () => {
  const judgeHostKey = () => ({ kind: 'unknown', why: 'Pin it.' }) as const
  const first = await failure({ ...hop, jump: { ...jumpHop, judgeHostKey } })
  expect(first.message).toContain(`${jump.name} (deploy@${jump.address}:22) showed the host key`)
  const second = await failure({ ...hop, judgeHostKey, jump: jumpHop })
  expect(second.message).toContain(`${host.name} (deploy@${host.address}:22) showed the host key`)
  const wrong = await failure({ ...hop, login: jumpHop.login, jump: jumpHop })
  expect(wrong.message).toContain(`${host.name} (deploy@${host.address}:22) does not let deploy in`)
})

test('several hops in a row', async () => {
  const back = { ...jumpHop, place: { ...jumpHop.place, host: '127.0.0.1', alias: 'inner' } }
  await using connection = await connected({ ...hop, jump: { ...back, jump: jumpHop } })
  expect(await connection.call(call({ body: 'tell name "$(hostname)"\nfinish\n' }))).toMatchObject({
    events: [{ value: host.name }, {}],
  })
})

test('a jump host that forwards nothing, or does not reach the host, says so', async () => {
  const closed = { ...hop, place: { ...hop.place, port: 9 }, jump: jumpHop }
  const unreached = await failure(closed)
  expect(unreached.message).toContain(`does not reach ${host.name} (deploy@${host.address}:9)`)
  expect(unreached.retries).toBe(4)
  await setting('AllowTcpForwarding no', jump)
  const prohibited = await failure({ ...hop, jump: jumpHop })
  expect(prohibited.message).toContain('administratively prohibited. Allow it for deploy in its sshd_config')
})

test('a jump host that is lost takes the calls behind it with it', async () => {
  await using connection = await connected({ ...hop, jump: jumpHop, limits: { silenceMs: 2000 } })
  const running = connection.call(call({ body: 'tell begun now\nsleep 600\n', onEvent: () => void jump.network.cut() }))
  expect(await running).toMatchObject({ kind: 'unknown', why: expect.stringContaining('the connection was lost') })
})

test('a host that falls silent behind its jump host is noticed', async () => {
  await using connection = await connected({ ...hop, jump: jumpHop, limits: { silenceMs: 2000 } })
  const running = connection.call(call({ body: 'tell begun now\nsleep 600\n', onEvent: () => void host.pause() }))
  expect(await running).toMatchObject({ kind: 'unknown', why: expect.stringContaining('nothing came from the server') })
})

test('an address of IPv6', async (context) => {
  need(context, 'IPv6', existsSync('/proc/net/if_inet6') ? undefined : 'this kernel has none')
  await using six = await door(undefined, '::1')
  await using connection = await connected(through(six, hop, '::1'))
  expect(await connection.call(call({ body: 'finish' }))).toMatchObject({ kind: 'done' })
  const { message } = await failure({ ...through(six, hop, '::1'), login: jumpHop.login })
  expect(message).toContain(`(deploy@[::1]:${six.port})`)
})

test('a server that drops the first logins is asked again', async () => {
  await using dropping = await door((socket, taken) => {
    if (taken === 1) socket.destroy()
    if (taken === 2) socket.end('Exceeded MaxStartups\r\n')
    if (taken === 3) socket.resetAndDestroy()
    return taken < 4
  })
  const log = lines()
  await using connection = await connected({ ...through(dropping), log })
  expect(await connection.call(call({ body: 'finish' }))).toMatchObject({ kind: 'done' })
  expect(dropping.taken).toBe(4)
  expect(log.lines).toHaveLength(3)
  expect(log.lines[1]).toContain('(MaxStartups); trying again.')
})

test('keys come from an agent, and one that is not there is told', async () => {
  const key = `${host.folder}/agent-key`
  const socket = `${host.folder}/agent`
  await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', key])
  await host.authorize('deploy', readFileSync(`${key}.pub`, 'utf8'))
  const agent = await run(['ssh-agent', '-a', socket, '-s'])
  const pid = Number(/PID=(\d+)/.exec(agent)?.[1])
  try {
    await run(['ssh-add', '-q', key], { env: { ...process.env, SSH_AUTH_SOCK: socket } })
    await using connection = await connected({ ...hop, login: { kind: 'agent', socket } })
    expect(
      await connection.call(call({ body: 'tell agent "$(env | grep -c SSH_AUTH_SOCK)"\nfinish\n' })),
    ).toMatchObject({
      events: [{ value: '0' }, {}],
    })
  } finally {
    process.kill(pid)
  }
  const { message } = await failure({ ...hop, login: { kind: 'agent', socket: `${socket}-missing` } })
  expect(message).toContain('The SSH agent cannot be asked')
})

test('a name that does not resolve is told', async () => {
  const { message } = await failure({ ...hop, place: { ...hop.place, host: 'no-such-host.invalid' } })
  expect(message).toMatch(
    /^The name no-such-host\.invalid of host-\w+ \(.*\) does not resolve \(E\w+\) \(tried 5 times\)/,
  )
})

test('nothing stays open of a connection that was closed, cancelled or never made', async () => {
  const open = () => process.getActiveResourcesInfo().filter((kind) => /TCP|Timeout|Pipe/.test(kind)).length
  const before = open()
  {
    await using connection = await connected({ ...hop, jump: jumpHop })
    await connection.call(call({ body: 'tell begun now\nsleep 60', ...whenTold('begun') }))
    await connection.call(call({ body: 'sleep 60', deadlineMs: 300 }))
    await connection.converse(call({ body: 'sleep 60' }))
    expect(open()).toBeGreaterThan(before)
  }
  await failure({ ...hop, login: jumpHop.login })
  await failure({ ...hop, login: jumpHop.login, jump: jumpHop })
  await failure({ ...hop, judgeHostKey: () => ({ kind: 'unknown', why: 'Pin it.' }) })
  const controller = new AbortController()
  const cancelled = failure({ ...hop, signal: controller.signal })
  controller.abort()
  await cancelled
  await until('all of it to be closed', () => open() <= before)
})

test('a connect is cancelled in each of its states', async () => {
  const reason = 'was cancelled'
  const cancelling = () => {
    const controller = new AbortController()
    return { signal: controller.signal, cancel: () => controller.abort() }
  }
  // Before it begins.
  expect((await failure({ ...hop, signal: AbortSignal.abort() })).message).toContain(reason)
  // While a server says nothing.
  const silent = cancelling()
  await using mute = await door(() => {
    silent.cancel()
    return true
  })
  expect((await failure({ ...through(mute), signal: silent.signal })).message).toContain(reason)
  // In the key exchange.
  const exchanging = cancelling()
  const judgeHostKey: Hop['judgeHostKey'] = (key) => {
    exchanging.cancel()
    return hop.judgeHostKey(key)
  }
  expect((await failure({ ...hop, judgeHostKey, signal: exchanging.signal })).message).toContain(reason)
  // Between two attempts.
  const pausing = cancelling()
  const log = { ...lines(), info: () => pausing.cancel() }
  const closed = { ...hop, place: { ...hop.place, port: 9 } }
  await expect(connect({ ...closed, signal: pausing.signal, log })).rejects.toThrow(reason)
  // While the packets go nowhere.
  const lost = cancelling()
  await host.network.cut()
  const waiting = failure({ ...hop, signal: lost.signal })
  setTimeout(lost.cancel, 100)
  expect((await waiting).message).toContain(reason)
  // At a host behind a jump host.
  const behind = cancelling()
  const viaJump = failure({
    ...hop,
    signal: behind.signal,
    judgeHostKey: (key) => {
      behind.cancel()
      return hop.judgeHostKey(key)
    },
    jump: jumpHop,
  })
  expect((await viaJump).message).toContain(reason)
})
