import { expect, test } from 'vitest'
import { attempts, hopTo, listening, sshServer } from './server.ts'

test('nothing listens: told after a few attempts', async () => {
  const { port } = await closedPort()
  const { message, retries } = await attempts(hopTo({ port }))
  expect(message).toBe(
    `web1 (deploy@127.0.0.1:${port}) refuses the connection: nothing listens there (tried 5 times). Correct the address or the port, or start the SSH server.`,
  )
  expect(retries).toBe(4)
})

async function closedPort(): Promise<{ port: number }> {
  await using server = await listening(() => {})
  return { port: server.port }
}

test('a server that takes connections and never speaks is given up, however often it is tried', async () => {
  await using server = await listening(() => {})
  const limits = { attemptMs: 200, connectMs: 1500 }
  const { message, retries } = await attempts({ ...hopTo(server), limits })
  expect(message).toContain('takes connections, but said nothing within')
  expect(retries).toBeGreaterThan(0)
  expect(server.taken).toBeGreaterThan(1)
})

test('what speaks HTTP is no SSH server, and is not tried again', async () => {
  await using server = await listening((socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\x1b[2Jconnection: close\r\n\r\n'))
  })
  const { message, retries } = await attempts(hopTo(server))
  expect(message).toBe(
    `web1 (deploy@127.0.0.1:${server.port}) is no SSH server: it said "HTTP/1.1 400 Bad Request connection: close". Correct the port.`,
  )
  expect([retries, server.taken]).toEqual([0, 1])
})

test('what greets in its own words and waits is told by them', async () => {
  await using server = await listening((socket) => socket.write('220 mail ready\r\n'))
  const { message, retries } = await attempts({ ...hopTo(server), limits: { attemptMs: 300 } })
  expect(message).toContain('is no SSH server: it said "220 mail ready"')
  expect(retries).toBe(0)
})

test('a flood of words without an end takes no memory and is no SSH server', async () => {
  await using server = await listening((socket) => {
    const flood = () => {
      while (!socket.destroyed && socket.write('x'.repeat(64_000)));
    }
    socket.on('drain', flood)
    flood()
  })
  const { message } = await attempts(hopTo(server))
  expect(message).toContain('is no SSH server: it said "xxx')
  expect(message?.length).toBeLessThan(600)
})

test('an SSH version that stops after its first line is given up', async () => {
  await using server = await listening((socket) => socket.write('SSH-2.0-Stuck\r\n'))
  const { message, retries } = await attempts({ ...hopTo(server), limits: { attemptMs: 200, connectMs: 1200 } })
  expect(message).toContain('The key exchange with web1')
  expect(retries).toBeGreaterThan(0)
})

test('a connection that breaks during the login is not tried again: it may count as a failed one', async () => {
  await using server = await sshServer((client) => {
    client.on('error', () => {})
    client.on('authentication', () => client.end())
  })
  const { message, retries } = await attempts(hopTo(server))
  expect(message).toContain('broke off the login of deploy')
  expect([retries, server.taken]).toEqual([0, 1])
})

test('a server that never answers the login is left after its time, once', async () => {
  await using server = await sshServer((client) => {
    client.on('error', () => {})
    client.on('authentication', () => {})
  })
  const { message, retries } = await attempts({ ...hopTo(server), limits: { attemptMs: 500 } })
  expect(message).toContain('broke off the login of deploy: it took more than 0.5 s')
  expect([retries, server.taken]).toEqual([0, 1])
})

test('a key that is no key is told without it', async () => {
  await using server = await sshServer((client) => {
    client.on('error', () => {})
    client.on('authentication', (context) => context.reject())
  })
  const { message } = await attempts({ ...hopTo(server), login: { kind: 'key', text: 'not a key at all' } })
  expect(message).toContain('The key it was given cannot be used at web1')
  expect(message).not.toContain('not a key at all')
})
