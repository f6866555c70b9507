import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { attempt, type Said } from '../lab/ground/command.ts'
import { need } from '../lab/ground/need.ts'
import { Ownership } from '../lab/ground/owner.ts'
import { giveBack } from '../lab/ground/release.ts'
import { buildHello, testHello } from './hello/build.ts'
import { ask, listening, refused, SlowRequest } from './hello/client.ts'
import { Service } from './hello/service.ts'

const GREETING = { HELLO_GREETING: 'Hello' }
const FREE_PORT = { ...GREETING, PORT: '0' }
/** Longer than any test, so that only what the test does can be the reason for what happens. */
const NEVER = { HELLO_DRAIN_MS: '600000', HELLO_SHUTDOWN_SECONDS: '600' }

const ownership = new Ownership('hello-binaries')
let built: Promise<{ deployed: string; plain: string }> | undefined
let hello = { deployed: '', plain: '' }

async function build(): Promise<{ deployed: string; plain: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'hello-'))
  ownership.holds({ kind: 'folder', path: folder })
  const facts = { RUST_DEPLOY_SHA: '0123abc', RUST_DEPLOY_VERSION: '7.8.9' }
  return {
    deployed: await buildHello(folder, 'deployed', facts),
    plain: await buildHello(folder, 'plain', {}),
  }
}

beforeEach(async (context) => {
  need(context, 'example service', process.platform === 'linux' ? undefined : 'it is a service for Linux')
  built ??= build()
  hello = await built
})

afterAll(() => ownership.release(giveBack))

/** Runs it to its end, which a service that starts would not come to. */
function ends(args: string[], env: Record<string, string>): Promise<Said> {
  return attempt([hello.plain, ...args], { env, timeoutMs: 20_000 })
}

async function ended(service: Service): Promise<void> {
  expect(await service.ended).toEqual({ code: 0, signal: null })
  expect(service.stderr).toBe('')
}

describe('what it answers', () => {
  test('greets, is live and ready, and refuses what it does not know', async () => {
    await using service = await Service.start(hello.plain, { env: FREE_PORT })
    const port = await service.port()
    expect(await ask(port, '/')).toMatchObject({ status: 200, body: { greeting: 'Hello' } })
    const ada = { method: 'POST', json: { name: 'Ada' } }
    expect(await ask(port, '/greetings', ada)).toMatchObject({ status: 200, body: { greeting: 'Hello, Ada!' } })
    expect(await ask(port, '/greetings', { method: 'POST', json: {} })).toMatchObject({ status: 422 })
    expect(await ask(port, '/health/live')).toMatchObject({ status: 200, body: { status: 'live' } })
    expect(await ask(port, '/health/ready')).toMatchObject({ status: 200, body: { status: 'ready' } })
    expect(await ask(port, '/nowhere')).toMatchObject({ status: 404 })

    service.signal('SIGINT')
    await ended(service)
    // Each line is proved to be JSON as it comes. Probes are not among them.
    const requests = service.lines.filter((line) => line.message === 'request')
    expect(requests.map(({ fields }) => [fields['method'], fields['path'], fields['status']])).toEqual([
      ['GET', '/', 200],
      ['POST', '/greetings', 200],
      ['POST', '/greetings', 422],
      ['GET', '/nowhere', 404],
    ])
    expect(service.lines.find((line) => line.message === 'stopping')?.fields['signal']).toBe('SIGINT')
  })

  test('says what it was built from', async () => {
    await using service = await Service.start(hello.deployed, { env: FREE_PORT })
    const version = await ask(await service.port(), '/version')
    expect(version.body).toEqual({ name: 'hello', version: '7.8.9', sha: '0123abc' })
    expect(await attempt([hello.deployed, '--version'])).toMatchObject({ stdout: 'hello 7.8.9 (0123abc)\n' })
  })

  test('built by hand, it says the version of the package', async () => {
    expect(await ends(['--version'], {})).toEqual({ code: 0, stdout: 'hello 0.1.0 (unknown)\n', stderr: '' })
  })
})

describe('a wrong start', () => {
  test('names all that is missing and all that is wrong at once', async () => {
    const wrong = { PORT: 'http', HELLO_LOG: 'loud', HELLO_SHUTDOWN_SECONDS: '8s' }
    for (const args of [[], ['--check']]) {
      expect(await ends(args, wrong)).toEqual({
        code: 1,
        stdout: '',
        stderr: [
          'hello: the configuration in the environment is wrong:',
          '  HELLO_GREETING is not set: it must be the words that `GET /` answers with',
          '  PORT is "http": it must be a port number from 0 to 65535 (0 takes any free one)',
          '  HELLO_LOG is "loud": it must be off, error, warn, info, debug or trace',
          '  HELLO_SHUTDOWN_SECONDS is "8s": it must be a number of seconds',
          '',
        ].join('\n'),
      })
    }
  })

  test('without a socket it needs a port, and nothing else is said', async () => {
    const { code, stderr } = await ends([], GREETING)
    expect(code).toBe(1)
    expect(stderr.split('\n').filter((line) => line.startsWith('  '))).toEqual([
      expect.stringMatching(/^ {2}PORT is not set: /),
    ])
  })

  test('a check starts nothing, and passes without a port because a socket may be passed', async () => {
    const { server, port } = await listening()
    const taken = { ...GREETING, PORT: String(port) }
    expect(await ends(['--check'], taken)).toEqual({ code: 0, stdout: 'the configuration is good\n', stderr: '' })
    server.close()
    const without = await ends(['--check'], GREETING)
    expect(without.code).toBe(0)
    expect(without.stdout).toContain('only where it is passed a socket')
  })

  test('a port that is taken is named before the slow part of the start', async () => {
    const { server, port } = await listening()
    const env = { ...GREETING, PORT: String(port), HELLO_HOST: '127.0.0.1', HELLO_STARTUP_MS: '600000' }
    const { code, stderr } = await ends([], env)
    server.close()
    expect(code).toBe(1)
    expect(stderr).toContain(`hello: cannot listen on 127.0.0.1:${port}: Address already in use`)
  })

  test('an unknown argument is refused', async () => {
    expect(await ends(['--chekc'], FREE_PORT)).toMatchObject({
      code: 2,
      stderr: 'usage: hello [--check | --version]\n',
    })
  })
})

describe('a stop', () => {
  test('lets a request in work finish, and takes no new ones', async () => {
    const env = { ...FREE_PORT, HELLO_SHUTDOWN_SECONDS: '600' }
    await using service = await Service.start(hello.plain, { env })
    const port = await service.port()
    using slow = await SlowRequest.begin(port, '{"name": "Grace"}')
    service.signal('SIGTERM')
    await refused(port)
    const answer = await slow.finish()
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(answer).toContain('{"greeting":"Hello, Grace!"}')
    await ended(service)
    expect(service.messages).toEqual(['starting', 'ready', 'stopping', 'request', 'stopped'])
  })

  test('ends in its time although a request does not', async () => {
    await using service = await Service.start(hello.plain, { env: { ...FREE_PORT, HELLO_SHUTDOWN_SECONDS: '1' } })
    using slow = await SlowRequest.begin(await service.port(), '{"name": "Nobody"}')
    service.signal('SIGTERM')
    expect(await slow.answer).toBe('')
    await ended(service)
    expect(service.messages.at(-1)).toBe('stopped, and the requests that were still running are cut off')
  })

  test('is not ready while it drains, but answers, and lets its clients go', async () => {
    await using service = await Service.start(hello.plain, { env: { ...FREE_PORT, ...NEVER } })
    const port = await service.port()
    expect((await ask(port, '/health/ready')).connection).not.toBe('close')
    service.signal('SIGTERM')
    await service.line('stopping')
    expect(await ask(port, '/health/ready')).toEqual({ status: 503, connection: 'close', body: { status: 'stopping' } })
    expect(await ask(port, '/health/live')).toMatchObject({ status: 200, connection: 'close' })
    expect(await ask(port, '/')).toMatchObject({ status: 200, connection: 'close' })
    // Ctrl-C from someone who does not want to wait.
    service.signal('SIGINT')
    await ended(service)
  })

  test('comes through while it is still starting', async () => {
    await using service = await Service.start(hello.plain, { env: { ...FREE_PORT, HELLO_STARTUP_MS: '600000' } })
    await service.line('starting')
    service.signal('SIGTERM')
    await ended(service)
    expect(service.messages).toEqual(['starting', 'stopped before it had started'])
  })
})

describe('a socket that is passed', () => {
  test('is served, and goes before the port', async () => {
    for (const env of [GREETING, FREE_PORT]) {
      const { server, port } = await listening()
      await using service = await Service.start(hello.plain, { env: { ...env, LISTEN_FDS: '1' }, passed: server })
      expect(await service.port()).toBe(port)
      expect(await ask(port, '/')).toMatchObject({ status: 200 })
      service.signal('SIGTERM')
      await ended(service)
    }
  })

  test('is left alone when it is meant for another process', async () => {
    // The variables as a child inherits them from a parent that was activated.
    const env = { ...FREE_PORT, LISTEN_PID: String(process.pid), LISTEN_FDS: '1' }
    await using service = await Service.start(hello.plain, { env })
    expect(await ask(await service.port(), '/')).toMatchObject({ status: 200 })
    service.signal('SIGTERM')
    await ended(service)
  })

  test('must be one, and one that listens', async () => {
    const become = (env: Record<string, string>, redirection: string) =>
      attempt(['sh', '-c', `LISTEN_PID=$$ exec "$0" ${redirection}`, hello.plain], { env, timeoutMs: 20_000 })

    const two = await become({ LISTEN_FDS: '2' }, '')
    expect(two.code).toBe(1)
    expect(two.stderr).toContain('HELLO_GREETING is not set')
    expect(two.stderr).toContain('LISTEN_FDS is 2: this service takes exactly one socket')

    for (const redirection of ['3</dev/null', '3<&-']) {
      const { code, stderr } = await become({ ...GREETING, LISTEN_FDS: '1' }, redirection)
      expect(code).toBe(1)
      expect(stderr).toMatch(/^hello: the passed socket cannot be used: .*\n$/)
    }
  })
})

test('its own tests pass: configuration, notifications, and restarts that lose no request', async () => {
  const said = await testHello()
  expect(said.code, said.stdout + said.stderr).toBe(0)
  expect(said.stdout).toContain('no_request_is_lost_when_a_successor_takes_the_socket ... ok')
}, 600_000)
