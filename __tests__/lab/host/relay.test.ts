import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { attempt } from '../ground/command.ts'
import { need } from '../ground/need.ts'
import { startHost, whyNoHosts } from './host.ts'
import { sshLogin } from './login.ts'
import { startRelay } from './relay.ts'
import { until } from './until.ts'

/** Sends back what it gets, and ends when the other side does. */
async function echoServer(): Promise<AsyncDisposable & { target: { address: string; port: number }; server: Server }> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {})
    socket.pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    server,
    target: server.address() as AddressInfo,
    [Symbol.asyncDispose]: async () => {
      server.close()
      await once(server, 'close')
    },
  }
}

function to({ address, port }: { address: string; port: number }): Socket {
  return connect({ host: address, port, allowHalfOpen: true })
}

test('many chunks of any size arrive whole and in order, and the end after them', async () => {
  await using echo = await echoServer()
  await using relay = await startRelay({ target: echo.target, delayMs: 20 })
  const socket = to(relay)
  const back = buffer(socket)
  const sent: Buffer[] = []
  for (let at = 0; at < 3000; at++) {
    const chunk = randomBytes(1 + ((at * 7919) % 9000))
    sent.push(chunk)
    if (!socket.write(chunk)) await once(socket, 'drain')
  }
  socket.end()
  expect((await back).equals(Buffer.concat(sent))).toBe(true)
})

test('a round trip takes the delay twice, at least', async () => {
  await using echo = await echoServer()
  await using relay = await startRelay({ target: echo.target, delayMs: 40 })
  const socket = to(relay)
  await once(socket, 'connect')
  for (let round = 0; round < 5; round++) {
    const began = performance.now()
    socket.write('ping')
    await once(socket, 'data')
    expect(performance.now() - began).toBeGreaterThanOrEqual(80)
  }
  socket.destroy()
})

test('chunks are under way at the same time: a long delay is not paid for each', async () => {
  await using echo = await echoServer()
  await using relay = await startRelay({ target: echo.target, delayMs: 500 })
  const socket = to(relay)
  await once(socket, 'connect')
  let heard = 0
  socket.on('data', (chunk) => {
    heard += chunk.length
  })
  // One after the other would take 1000 seconds.
  for (let at = 0; at < 1000; at++) {
    socket.write('x')
    await new Promise(setImmediate)
  }
  await until('all to come back', () => heard === 1000, 30_000)
  socket.destroy()
})

test('a cut resets what is open and refuses what is new, until it is restored at the same port', async () => {
  await using echo = await echoServer()
  await using relay = await startRelay({ target: echo.target })
  const socket = to(relay)
  socket.write('x')
  await once(socket, 'data')
  const broken = once(socket, 'close')
  await relay.cut()
  await expect(broken).rejects.toThrow('ECONNRESET')

  const refused = to(relay)
  await expect(once(refused, 'connect')).rejects.toThrow('ECONNREFUSED')
  await relay.restore()
  const again = to(relay)
  again.write('y')
  expect(String((await once(again, 'data'))[0])).toBe('y')
  again.destroy()
})

test('while it is stalled nothing arrives and nothing breaks; then everything does, in order', async () => {
  await using echo = await echoServer()
  await using relay = await startRelay({ target: echo.target })
  const socket = to(relay)
  let heard = ''
  socket.on('data', (chunk) => {
    heard += String(chunk)
  })
  socket.write('1')
  await until('the first echo', () => heard === '1')
  relay.stall()
  socket.write('2')
  const late = to(relay)
  await once(late, 'connect')
  late.write('late')
  const lateHeard = buffer(late)
  late.end()
  // A round trip past the relay is time enough for what would leak.
  for (let round = 0; round < 20; round++) {
    const direct = to(echo.target)
    direct.write('x')
    await once(direct, 'data')
    direct.destroy()
  }
  expect(heard).toBe('1')
  socket.write('3')
  await relay.restore()
  await until('the rest', () => heard === '123')
  expect(String(await lateHeard)).toBe('late')
  socket.destroy()
})

test('a target that is not there resets the connection', async () => {
  await using echo = await echoServer()
  const gone = { address: '127.0.0.1', port: echo.target.port }
  echo.server.close()
  await using relay = await startRelay({ target: gone })
  const socket = to(relay)
  await expect(once(socket, 'close')).rejects.toThrow('ECONNRESET')
})

test('ssh works through it, with the delay on it', async (context) => {
  need(context, 'host', whyNoHosts())
  await using host = await startHost()
  await using relay = await startRelay({ target: { address: host.address, port: host.sshPort }, delayMs: 25 })
  const { ssh } = await sshLogin(host, { via: relay })
  const size = 5_000_000
  const began = performance.now()
  const said = await attempt([...ssh, 'sha256sum; hostname'], { input: Buffer.alloc(size, 'x') })
  // Version, key exchange, key, login, command: five round trips are the very least.
  expect(performance.now() - began).toBeGreaterThanOrEqual(5 * 50)
  expect(said).toMatchObject({ code: 0 })
  expect(said.stdout).toContain(host.name)
})
