import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findAgent } from '../../../src/servers/keys/agent.ts'
import { wireNumber, wireString } from '../../../src/servers/keys/wire.ts'
import { removeFolder } from '../../remove-folder.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rust-deploy-agent-'))
})
afterAll(() => removeFolder(folder))

let served = 0

/** What is found when something listens there that answers so. */
async function found(answer: (connection: Socket) => void) {
  const path = join(folder, `socket-${served++}`)
  const connections: Socket[] = []
  const server = createServer((connection) => {
    connections.push(connection)
    connection.on('error', () => {})
    connection.once('data', () => answer(connection))
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  try {
    return await findAgent({ SSH_AUTH_SOCK: path })
  } finally {
    for (const connection of connections) connection.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
}

const keyOf = (type: string, comment: string) => Buffer.concat([wireString(wireString(type)), wireString(comment)])
const answerOf = (count: number, ...keys: Buffer[]) =>
  wireString(Buffer.concat([Buffer.of(12), wireNumber(count), ...keys]))

test('no agent is a sentence', async () => {
  for (const environment of [{}, { SSH_AUTH_SOCK: '' }, { SSH_AUTH_SOCK: undefined }]) {
    expect(await findAgent(environment)).toEqual({
      why: expect.stringMatching(/^There is no SSH agent: .*`ssh-key`\.$/),
    })
  }
})

test('a socket that is gone, or none, is a sentence', async () => {
  const file = join(folder, 'file')
  writeFileSync(file, '')
  for (const path of [join(folder, 'gone'), join(file, 'gone'), file, folder, 'a\0b', `/${'long'.repeat(100)}`]) {
    expect(await findAgent({ SSH_AUTH_SOCK: path }), path).toEqual({
      why: expect.stringMatching(/^The SSH agent that SSH_AUTH_SOCK names .*\.$/),
    })
  }
})

test('what never answers, or only by drops, is not waited for', async () => {
  const drops = async (connection: Socket) => {
    for (const byte of answerOf(1, keyOf('ssh-ed25519', 'x'.repeat(1000)))) {
      if (connection.destroyed) return
      connection.write(Buffer.of(byte))
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
  const slow = { why: expect.stringContaining('did not answer within 5 seconds') }
  expect(await Promise.all([found(() => {}), found((connection) => void drops(connection))])).toEqual([slow, slow])
})

test('what is no agent is a sentence', async () => {
  const none = { why: expect.stringContaining('not as an SSH agent does') }
  expect(await found((connection) => connection.end('HTTP/1.1 400 Bad Request\r\n\r\n'))).toEqual(none)
  expect(await found((connection) => connection.end(answerOf(2, keyOf('ssh-ed25519', 'one'))))).toEqual(none)
  expect(await found((connection) => connection.end(answerOf(2 ** 32 - 1)))).toEqual(none)
  expect(await found((connection) => connection.end(wireString(Buffer.of(5))))).toEqual(none)
  expect(await found((connection) => connection.end())).toEqual({ why: expect.stringContaining('without an answer') })
  expect(await found((connection) => connection.end(answerOf(1).subarray(0, 6)))).toEqual({
    why: expect.stringContaining('without an answer'),
  })
})

test('keys that cannot be used are left out, and comments hold nothing that a terminal obeys', async () => {
  const hardware = keyOf('sk-ssh-ed25519@openssh.com', 'touch me')
  expect(await found((connection) => connection.end(answerOf(0)))).toEqual({
    why: expect.stringContaining('has no key'),
  })
  expect(await found((connection) => connection.end(answerOf(1, hardware)))).toEqual({
    why: expect.stringContaining('only keys that cannot be used here'),
  })
  const good = keyOf('ssh-ed25519', `me\u001b[2J\n\u202e${'x'.repeat(300)}`)
  expect(await found((connection) => connection.end(answerOf(2, hardware, good)))).toMatchObject({
    keys: [{ type: 'ssh-ed25519', comment: `me[2J${'x'.repeat(195)}` }],
  })
})

test('whatever bytes come, the result is keys or a sentence', async () => {
  const answer = answerOf(1, keyOf('ssh-ed25519', 'me'))
  await fc.assert(
    fc.asyncProperty(fc.nat(answer.length), fc.uint8Array({ maxLength: 8 }), async (at, bytes) => {
      const changed = Buffer.concat([answer.subarray(0, at), bytes, answer.subarray(at + bytes.length)])
      const result = await found((connection) => connection.end(changed))
      expect(Object.keys(result)).toEqual('why' in result ? ['why'] : ['socket', 'keys'])
    }),
    { numRuns: 60 },
  )
})
