import type { ServerChannel } from 'ssh2'
import { expect, test } from 'vitest'
import { END_OF_SCRIPT } from '../../../src/servers/protocol/loader.ts'
import type { Connection } from '../../../src/servers/transport/connection.ts'
import { aCall, attempts, hopTo, type Listening, sshServer } from './server.ts'

type Told = { channel: ServerChannel; mark: string; command: string }

/** A server whose every command does the same, as soon as the head of the call has arrived. */
async function serving(answer: (told: Told) => void): Promise<Listening> {
  return await sshServer((client) => {
    client.on('error', () => {})
    client.on('authentication', (context) => context.accept())
    client.on('session', (accept) => {
      accept().on('exec', (acceptExec, _reject, { command }) => {
        const channel = acceptExec()
        let text = ''
        channel.on('error', () => {})
        channel.on('data', (chunk: Buffer) => {
          if (text.includes(`${END_OF_SCRIPT}\n`)) return
          text += chunk.toString()
          const [, mark] = /\nmark=([0-9a-f]{16})\n/.exec(text) ?? []
          if (mark !== undefined) answer({ channel, mark, command })
        })
      })
    })
  })
}

async function connectedTo(server: Listening): Promise<Connection & AsyncDisposable> {
  const { connection, message } = await attempts(hopTo(server))
  if (connection === undefined) throw new Error(message)
  return Object.assign(connection, { [Symbol.asyncDispose]: () => connection.close() })
}

test('the command line is always the same, and each call has a mark of its own', async () => {
  const seen: Told[] = []
  await using server = await serving((told) => {
    seen.push(told)
    told.channel.write(`${told.mark} {"event":"end"}\n`)
    told.channel.exit(0)
    told.channel.end()
  })
  await using connection = await connectedTo(server)
  for (const name of [`'; id`, 'b']) {
    expect(await connection.call(aCall({ parameters: { name } }))).toMatchObject({ kind: 'done' })
  }
  expect(new Set(seen.map(({ command }) => command)).size).toBe(1)
  expect(new Set(seen.map(({ mark }) => mark)).size).toBe(2)
})

test('an event with the mark of another call is none', async () => {
  await using server = await serving(({ channel }) => {
    channel.write('0123456789abcdef {"event":"end"}\n')
    channel.exit(0)
    channel.end()
  })
  await using connection = await connectedTo(server)
  expect(await connection.call(aCall())).toMatchObject({ kind: 'unknown', events: [] })
})

test('a channel that closes without an exit code is unknown (trap: it resolves with no code)', async () => {
  await using server = await serving(({ channel, mark }) => {
    channel.write(`${mark} {"event":"end"}\n`)
    channel.end()
  })
  await using connection = await connectedTo(server)
  expect(await connection.call(aCall())).toMatchObject({
    kind: 'unknown',
    why: 'the server closed its channel and did not say how it ended',
  })
})

test('a host that tells without end is left', async () => {
  await using server = await serving(({ channel, mark }) => {
    const line = `${mark} {"event":"told","value":"${'x'.repeat(100_000)}"}\n`
    const flood = () => {
      while (channel.writable && channel.write(line));
    }
    channel.on('drain', flood)
    flood()
  })
  await using connection = await connectedTo(server)
  const outcome = await connection.call(aCall())
  expect(outcome).toMatchObject({ kind: 'unknown', why: 'it told more than any script of ours' })
  expect(outcome.events.length).toBeLessThan(200)
})

test('a server that refuses the command has run nothing', async () => {
  await using server = await sshServer((client) => {
    client.on('error', () => {})
    client.on('authentication', (context) => context.accept())
    client.on('session', (accept) => {
      accept().on('exec', (_accept, reject) => reject())
    })
  })
  await using connection = await connectedTo(server)
  await expect(connection.call(aCall())).rejects.toThrow(
    /opens no channel for a command: Unable to exec\. Nothing of this step was done there/,
  )
})

test('a server that never opens the channel is given up at the deadline', async () => {
  await using server = await sshServer((client) => {
    client.on('error', () => {})
    client.on('authentication', (context) => context.accept())
    client.on('session', () => {})
  })
  await using connection = await connectedTo(server)
  await expect(connection.call(aCall({ deadlineMs: 300 }))).rejects.toThrow('it took more than 0.3 s')
  const controller = new AbortController()
  const cancelled = connection.call(aCall({ signal: controller.signal }))
  controller.abort()
  await expect(cancelled).rejects.toThrow('it was cancelled')
})

test('an error of the connection while nobody waits ends nothing but the connection (trap: no listener)', async () => {
  let drop = () => {}
  await using server = await sshServer((client) => {
    client.on('error', () => {})
    client.on('authentication', (context) => context.accept())
    client.on('ready', () => {
      drop = () => Reflect.get(client, '_sock').end('this is no packet of SSH, and never will be')
    })
  })
  await using connection = await connectedTo(server)
  const conversation = connection.converse(aCall())
  drop()
  await expect(conversation).rejects.toThrow('the connection was lost')
  await expect(connection.call(aCall())).rejects.toThrow('the connection was lost')
})

test('a parameter that cannot be sent opens no channel', async () => {
  await using server = await serving(() => {})
  await using connection = await connectedTo(server)
  await expect(connection.call(aCall({ parameters: { two: 'a\nb' } }))).rejects.toThrow('several lines')
})
