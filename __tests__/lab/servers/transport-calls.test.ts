import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Hop } from '../../../src/servers/transport/hop.ts'
import { run } from '../ground/command.ts'
import { need } from '../ground/need.ts'
import { debianPackages } from '../ground/packages.ts'
import { type Host, startHost, whyNoHosts } from '../host/host.ts'
import { until } from '../host/until.ts'
import { call, connected, END, hopTo, whenTold } from './transport-world.ts'

let host: Host & AsyncDisposable
let hop: Hop

beforeAll(async () => {
  if (whyNoHosts() !== undefined) return
  host = await startHost()
  hop = await hopTo(host)
})
afterAll(() => host?.[Symbol.asyncDispose]())
beforeEach((context) => need(context, 'host', whyNoHosts()))

/** What the host's processes are called with `name` in their command line. */
async function running(name: string): Promise<boolean> {
  return (await host.exec(['pgrep', '-f', name])).code === 0
}

test('a script runs with its parameters, and its events come while it runs', async () => {
  await using connection = await connected(hop)
  const told: string[] = []
  const outcome = await connection.call(
    call({
      body: 'tell first "$p_name"\ntell second "$(id -un)"\nfinish\n',
      parameters: { name: `it's $HOME; ü` },
      onEvent: ({ event }) => told.push(event),
    }),
  )
  expect(outcome).toEqual({
    kind: 'done',
    events: [{ event: 'first', value: `it's $HOME; ü` }, { event: 'second', value: 'root' }, END],
    said: '',
  })
  expect(told).toEqual(['first', 'second', 'end'])
})

test('a payload of 20 MB arrives to the byte, from memory and from a stream that is slowed down', async () => {
  await using connection = await connected(hop)
  const bytes = randomBytes(20_000_000)
  const value = createHash('sha256').update(bytes).digest('hex')
  const body = 'sum=$(sha256sum | cut -d" " -f1)\ntell sum "$sum"\nfinish\n'
  expect(await connection.call(call({ body, payload: bytes }))).toMatchObject({
    kind: 'done',
    events: [{ event: 'sum', value }, END],
  })

  let asked = 0
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += 100_000) {
      asked = at
      yield bytes.subarray(at, at + 100_000)
    }
  }
  const slow = `tell ready now\nsleep 1\n${body}`
  let askedBeforeItReads = Number.NaN
  const outcome = await connection.call(
    call({
      body: slow,
      payload: pieces(),
      onEvent: ({ event }) => {
        if (event === 'sum') return
        setTimeout(() => {
          askedBeforeItReads = asked
        }, 500)
      },
    }),
  )
  expect(outcome).toMatchObject({
    kind: 'done',
    events: [{ event: 'ready', value: 'now' }, { event: 'sum', value }, END],
  })
  // What the line and the channel hold, and no more.
  expect(askedBeforeItReads).toBeLessThan(10_000_000)
})

/** 30 MB in lines of 1000 characters. */
const MUCH = 'head -c 30000000 /dev/zero | tr "\\0" x | fold -w 1000'

test('the end of a large output is kept, and an event behind it is found', async () => {
  await using connection = await connected(hop)
  const outcome = await connection.call(
    call({ body: `${MUCH}\n${MUCH} >&2\ntell counted all\necho last >&2\nfinish\n` }),
  )
  expect(outcome).toMatchObject({ kind: 'done', events: [{ event: 'counted', value: 'all' }, END] })
  expect(outcome.said).toMatch(/x\n?last\n$/)
  expect(outcome.said.length).toBeLessThan(200_000)
})

test('characters that are cut into two packets stay whole (trap: a string of each chunk)', async () => {
  await using connection = await connected(hop)
  const body = String.raw`printf '\n%s {"event":"told","value":"\303' "$p_mark"; sleep 0.3; printf '\274"}\n'; finish`
  expect((await connection.call(call({ body }))).events).toEqual([{ event: 'told', value: 'ü' }, END])
})

test('a call that outlives its deadline is unknown; what it started goes on, and so does the connection', async () => {
  await using connection = await connected(hop)
  const outcome = await connection.call(call({ body: 'tell begun now\nsleep 6543\nfinish\n', deadlineMs: 1000 }))
  expect(outcome).toMatchObject({
    kind: 'unknown',
    why: 'it took more than 1 s',
    events: [{ event: 'begun', value: 'now' }],
  })
  expect(await running('sleep 6543')).toBe(true)
  expect(await connection.call(call({ body: 'finish' }))).toMatchObject({ kind: 'done' })
  await host.run(['pkill', '-f', 'sleep 6543'])
})

test('a script that is killed is unknown, and so is one that ends with 0 before its end (trap: exit codes)', async () => {
  await using connection = await connected(hop)
  const outcome = await connection.call(call({ body: 'kill -KILL $$\n' }))
  expect(outcome).toMatchObject({ kind: 'unknown', why: 'it was ended by SIGKILL' })
  expect(await connection.call(call({ body: 'exit 0\n' }))).toMatchObject({ kind: 'unknown' })
  expect(await connection.call(call({ body: 'echo no >&2\nexit 3\n' }))).toMatchObject({
    kind: 'unknown',
    why: 'it ended with 3 before its end',
    said: 'no\n',
  })
})

test('an exit code counts, and complaints beside success are no error (trap: exec() and its exit codes)', async () => {
  await using connection = await connected(hop)
  const refused = `printf '\\n%s {"event":"refused","code":"no-space"}\\n%s {"event":"end"}\\n' $p_mark $p_mark; exit 10`
  expect(await connection.call(call({ body: refused }))).toMatchObject({ kind: 'refused', code: 'no-space' })
  expect(await connection.call(call({ body: 'echo careful >&2\nfinish\n' }))).toMatchObject({
    kind: 'done',
    said: 'careful\n',
  })
})

test('a folder that is missing is never quietly another one (trap: cwd)', async () => {
  await using connection = await connected(hop)
  const outcome = await connection.call(call({ body: 'cd /missing || exit 7\ntell here "$PWD"\nfinish\n' }))
  expect(outcome).toMatchObject({ kind: 'unknown', why: 'it ended with 7 before its end', events: [] })
})

test('a script that leaves its payload unread ends the call at once', async () => {
  await using connection = await connected(hop)
  let isLeft = false
  async function* endless() {
    try {
      for (;;) yield Buffer.alloc(100_000)
    } finally {
      isLeft = true
    }
  }
  expect(await connection.call(call({ body: 'finish', payload: endless() }))).toMatchObject({ kind: 'done' })
  await until('the source to be left', () => isLeft)
})

test('a payload that cannot be read to its end makes the call unknown', async () => {
  await using connection = await connected(hop)
  async function* broken() {
    yield Buffer.from('half')
    throw new Error('the disk is gone')
  }
  const outcome = await connection.call(call({ body: 'cat >/dev/null\nsleep 1\nfinish\n', payload: broken() }))
  expect(outcome).toMatchObject({ kind: 'unknown', why: 'what is sent to it could not be read: the disk is gone' })
})

test('a conversation takes lines for as long as it lasts', async () => {
  await using connection = await connected(hop)
  const told: string[] = []
  const conversation = await connection.converse(
    call({
      body: 'while read -r word; do tell heard "$word"; done\nfinish\n',
      onEvent: ({ event, value = '' }) => told.push(event === 'heard' ? value : event),
    }),
  )
  conversation.say('beat')
  await until('the first echo', () => told.length === 1)
  // Others call over the same connection meanwhile.
  expect(await connection.call(call({ body: 'finish' }))).toMatchObject({ kind: 'done' })
  conversation.say('release')
  conversation.end()
  expect(await conversation.outcome).toMatchObject({ kind: 'done' })
  expect(told).toEqual(['beat', 'release', 'end'])
  conversation.say('too late')
  conversation.end()
  expect(() => conversation.say('two\nlines')).toThrow('several lines')
})

test('a running call is cancelled at once; one that has not begun runs nothing', async () => {
  await using connection = await connected(hop)
  const { signal, onEvent } = whenTold('begun')
  const outcome = await connection.call(call({ body: 'tell begun now\nsleep 6544\n', signal, onEvent }))
  expect(outcome).toMatchObject({ kind: 'unknown', why: 'it was cancelled' })
  await expect(connection.call(call({ body: 'touch /srv/begun', signal }))).rejects.toThrow('was cancelled')

  const sending = whenTold('begun')
  async function* endless() {
    for (;;) yield Buffer.alloc(1_000_000)
  }
  const upload = connection.call(call({ body: 'tell begun now\nsleep 6544\n', payload: endless(), ...sending }))
  expect(await upload).toMatchObject({ kind: 'unknown', why: 'it was cancelled' })

  const opening = AbortSignal.abort()
  await expect(connection.converse(call({ body: 'touch /srv/begun', signal: opening }))).rejects.toThrow('cancelled')
  expect((await host.exec(['test', '-e', '/srv/begun'])).code).toBe(1)
  await host.run(['pkill', '-f', 'sleep 6544'])
})

test('a fault in what listens to the events is told as it is, and harms no other call', async () => {
  await using connection = await connected(hop)
  const faulty = connection.call(
    call({
      body: 'tell one 1\nfinish\n',
      onEvent: () => {
        throw new TypeError('a fault of ours')
      },
    }),
  )
  await expect(faulty).rejects.toThrow('a fault of ours')
  expect(await connection.call(call({ body: 'finish' }))).toMatchObject({ kind: 'done' })
})

test('a closed connection has no open call, and takes none', async () => {
  const connection = await connected(hop)
  const conversation = await connection.converse(call({ body: 'cat >/dev/null\nsleep 6545\n' }))
  await connection.close()
  expect(await conversation.outcome).toMatchObject({ kind: 'unknown', why: 'this side closed the connection' })
  await expect(connection.call(call({ body: 'finish' }))).rejects.toThrow('this side closed the connection')
  await connection.close()
  await until('the host to see it', async () => !(await running('sshd: root@notty')))
  await host.exec(['pkill', '-f', 'sleep 6545'])
})

test('where a server allows one channel only, a second one goes over another login, which ends with the first', async () => {
  await host.run(['sh', '-c', 'echo MaxSessions 1 > /etc/ssh/sshd_config.d/one.conf && systemctl reload ssh'])
  const logins = async () => (await host.exec(['pgrep', '-fa', '^sshd: root@notty'])).stdout.split('\n').slice(0, -1)
  {
    await using connection = await connected(hop)
    const first = await connection.converse(call({ body: 'cat >/dev/null\nfinish\n' }))
    expect(await connection.call(call({ body: 'finish' }))).toMatchObject({ kind: 'done' })
    const second = await connection.converse(call({ body: 'cat >/dev/null\nfinish\n' }))
    expect(await logins()).toHaveLength(2)
    first.end()
    second.end()
    expect([await first.outcome, await second.outcome]).toMatchObject([{ kind: 'done' }, { kind: 'done' }])
  }
  await until('both logins to be gone', async () => (await logins()).length === 0)
  await host.run(['sh', '-c', 'echo MaxSessions 0 > /etc/ssh/sshd_config.d/one.conf && systemctl reload ssh'])
  {
    await using connection = await connected(hop)
    await expect(connection.call(call({ body: 'finish' }))).rejects.toThrow('MaxSessions')
  }
  await host.run(['sh', '-c', 'rm /etc/ssh/sshd_config.d/one.conf && systemctl reload ssh'])
})

test('thirty logins side by side all come in, with calls on each', async () => {
  const outcomes = await Promise.all(
    Array.from({ length: 30 }, async (_, index) => {
      await using connection = await connected(hop)
      return await connection.call(call({ body: `tell me ${index}\nfinish\n` }))
    }),
  )
  expect(outcomes.map(({ kind, events }) => [kind, events[0]?.['value']])).toEqual(
    Array.from({ length: 30 }, (_, index) => ['done', `${index}`]),
  )
})

test('a chatty profile, a banner and a message of the day do no harm', async () => {
  const noise = 'echo PROFILE; printf "no end"; echo COMPLAINT >&2'
  await host.run(['useradd', '--create-home', '--shell', '/bin/bash', 'chatty'])
  await host.run(['sh', '-c', 'cat > /home/chatty/.bashrc'], { input: `${noise}\n` })
  await host.run([
    'sh',
    '-c',
    'echo BANNER > /etc/issue.net; echo Banner /etc/issue.net > /etc/ssh/sshd_config.d/b.conf; echo MOTD > /etc/motd; systemctl reload ssh',
  ])
  await using connection = await connected(await hopTo(host, 'chatty'))
  const outcome = await connection.call(call({ body: 'tell user "$(id -un)"\nfinish\n' }))
  expect(outcome).toMatchObject({ kind: 'done', events: [{ event: 'user', value: 'chatty' }, END] })
  expect(outcome.said).toBe('PROFILE\nno end\nCOMPLAINT\n')
  await host.run(['sh', '-c', 'rm /etc/ssh/sshd_config.d/b.conf; systemctl reload ssh'])
})

test('fish as the login shell passes a call on', async () => {
  await debianPackages('fish')
  // What a server would have from its packages; this machine has them for the same Debian.
  const files = await run(['dpkg', '--listfiles', 'fish', 'fish-common', 'libpcre2-32-0'])
  const archive = join(host.folder, 'fish.tar')
  await run(['tar', '--create', '--no-recursion', '--file', archive, '--files-from', '-'], { input: files })
  await using admin = await connected(hop)
  const unpack = call({ body: 'tar -x -C / --keep-directory-symlink && finish\n', payload: createReadStream(archive) })
  expect(await admin.call(unpack)).toMatchObject({ kind: 'done' })
  await host.run(['useradd', '--create-home', '--shell', '/usr/bin/fish', 'fisher'])
  await using connection = await connected(await hopTo(host, 'fisher'))
  const outcome = await connection.call(
    call({ body: 'tell all "$p_x"\nfinish\n', parameters: { x: `it's $HOME \\n` } }),
  )
  expect(outcome).toMatchObject({ kind: 'done', said: '' })
})

test('a login shell that runs nothing makes the outcome unknown, with what it said', async () => {
  await host.run(['useradd', '--create-home', '--shell', '/usr/sbin/nologin', 'barred'])
  await using connection = await connected(await hopTo(host, 'barred'))
  expect(await connection.call(call({ body: 'finish' }))).toMatchObject({
    kind: 'unknown',
    why: 'it ended with 1 before its end',
    said: 'This account is currently not available.\n',
  })
})
