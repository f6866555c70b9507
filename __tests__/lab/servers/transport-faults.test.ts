import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Hop } from '../../../src/servers/transport/hop.ts'
import { need } from '../ground/need.ts'
import { type Host, startHost, whyNoHosts } from '../host/host.ts'
import { startRelay } from '../host/relay.ts'
import { call, connected, hopTo, whenTold } from './transport-world.ts'

let host: Host & AsyncDisposable
let hop: Hop

beforeAll(async () => {
  if (whyNoHosts() !== undefined) return
  host = await startHost()
  hop = await hopTo(host)
})
afterAll(() => host?.[Symbol.asyncDispose]())
beforeEach((context) => need(context, 'host', whyNoHosts()))

/** What nobody catches ends a process: vitest fails then, and so would a deploy. */
const BODY = 'tell begun now\nsleep 600\nfinish\n'
const IMPATIENT = { limits: { silenceMs: 2000 } }

async function* endless() {
  for (;;) yield Buffer.alloc(100_000)
}

test('a network that is cut silently makes running calls unknown (trap: keepalive 0)', async () => {
  await using connection = await connected({ ...hop, ...IMPATIENT })
  let cut: Promise<void> | undefined
  const quiet = await connection.converse(call({ body: BODY }))
  const outcome = await connection.call(
    call({
      body: BODY,
      onEvent: () => {
        cut = host.network.cut()
      },
    }),
  )
  const why = 'the connection was lost: nothing came from the server for 2 s'
  expect(outcome).toMatchObject({ kind: 'unknown', why })
  expect(await quiet.outcome).toMatchObject({ kind: 'unknown', why })
  await expect(connection.call(call({ body: 'finish' }))).rejects.toThrow(why)
  await cut
  await host.network.restore()
})

test('it is noticed in the middle of an upload, too', async () => {
  await using connection = await connected({ ...hop, ...IMPATIENT })
  const upload = connection.call(
    call({
      body: 'tell begun now\ncat >/dev/null\n',
      payload: endless(),
      onEvent: () => void host.network.cut(),
    }),
  )
  expect(await upload).toMatchObject({ kind: 'unknown', why: expect.stringContaining('nothing came from the server') })
  await host.network.restore()
})

test('a long silence of the script is none of the server', async () => {
  await using connection = await connected({ ...hop, limits: { silenceMs: 400 } })
  expect(await connection.call(call({ body: 'sleep 3\nfinish\n' }))).toMatchObject({ kind: 'done' })
})

test('a server that stands still is lost, and a slow line is not', async () => {
  await using connection = await connected({ ...hop, ...IMPATIENT })
  const outcome = connection.call(call({ body: BODY, onEvent: () => void host.pause() }))
  expect(await outcome).toMatchObject({ kind: 'unknown', why: expect.stringContaining('nothing came from the server') })
  await host.resume()

  await using relay = await startRelay({ target: { address: host.address, port: host.sshPort }, delayMs: 300 })
  const place = { ...hop.place, host: relay.address, port: relay.port }
  await using slow = await connected({ ...hop, place, ...IMPATIENT })
  const bytes = Buffer.alloc(6_000_000)
  expect(await slow.call(call({ body: 'tell size "$(wc -c)"\nfinish\n', payload: bytes }))).toMatchObject({
    kind: 'done',
    events: [{ value: `${bytes.length}` }, {}],
  })
})

test('a connection that is reset is no unhandled error but an unknown outcome (trap: no listener)', async () => {
  await using relay = await startRelay({ target: { address: host.address, port: host.sshPort } })
  const place = { ...hop.place, host: relay.address, port: relay.port }
  await using connection = await connected({ ...hop, place })
  const outcome = await connection.call(call({ body: BODY, onEvent: () => void relay.cut() }))
  expect(outcome).toMatchObject({ kind: 'unknown', why: expect.stringContaining('the connection was lost') })
  // Nobody waits for anything when it happens.
  await relay.restore()
  await using idle = await connected({ ...hop, place })
  await relay.cut()
  await expect(idle.call(call({ body: 'finish' }))).rejects.toThrow('the connection was lost')
})

test('a server process that is killed makes the call unknown (trap: it resolves with no code)', async () => {
  await using connection = await connected(hop)
  const outcome = await connection.call(
    call({ body: BODY, onEvent: () => void host.run(['pkill', '-KILL', '-f', 'sshd: root@notty']) }),
  )
  expect(outcome).toMatchObject({ kind: 'unknown', why: expect.stringContaining('the connection was lost') })
})

test('a reboot under a call makes it unknown', async () => {
  await using connection = await connected(hop)
  let rebooted: Promise<void> | undefined
  const outcome = await connection.call(
    call({
      body: BODY,
      onEvent: () => {
        rebooted = host.reboot()
      },
    }),
  )
  expect(outcome.kind).toBe('unknown')
  await rebooted
})

test('with the network cut, a cancelled call ends and the connection closes all the same', async () => {
  const connection = await connected(hop)
  const cutting = whenTold('begun')
  const call1 = connection.call(
    call({
      body: BODY,
      payload: endless(),
      signal: cutting.signal,
      onEvent: (event) => void host.network.cut().then(() => cutting.onEvent(event)),
    }),
  )
  expect(await call1).toMatchObject({ kind: 'unknown', why: 'it was cancelled' })
  await connection.close()
  await host.network.restore()
})
