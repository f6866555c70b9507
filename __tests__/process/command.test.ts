import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type Command, runCommand } from '../../src/process/command.ts'

const node = (script: string, more: Partial<Command> = {}): Command => ({
  file: process.execPath,
  args: ['-e', script],
  env: { PATH: process.env.PATH },
  ...more,
})

test('an exit code with everything that was said, line by line', async () => {
  const lines: string[] = []
  const script =
    'process.stdout.write("a\\r\\nb\\nc"); process.stderr.write(Buffer.from([0xff, 0x0a])); process.exitCode = 3'
  const outcome = await runCommand(node(script, { onLine: (line, stream) => lines.push(`${stream}:${line}`) }))
  expect(outcome).toEqual({ kind: 'exited', code: 3, stdout: 'a\r\nb\nc', stderr: '\ufffd\n' })
  expect(lines.toSorted()).toEqual(['stderr:\ufffd', 'stdout:a', 'stdout:b', 'stdout:c'])
})

test('a character that is cut by a chunk is put together again', async () => {
  const script =
    'process.stdout.write(Buffer.from([0xe2,0x82])); setTimeout(() => process.stdout.write(Buffer.from([0xac])), 50)'
  expect(await runCommand(node(script))).toMatchObject({ stdout: '€' })
})

test('input reaches the child, and one that does not read it does no harm', async () => {
  expect(await runCommand(node('process.stdin.pipe(process.stdout)', { input: 'secret' }))).toMatchObject({
    stdout: 'secret',
  })
  expect(await runCommand(node('process.exit(0)', { input: 'x'.repeat(1 << 20) }))).toMatchObject({
    kind: 'exited',
    code: 0,
  })
})

test('nothing is inherited from our own environment', async () => {
  process.env['RUST_DEPLOY_TEST_LEAK'] = 'leak'
  expect(await runCommand(node('console.log(process.env.RUST_DEPLOY_TEST_LEAK)'))).toMatchObject({
    stdout: 'undefined\n',
  })
})

test('a signal, a missing program and a missing folder are told apart', async () => {
  expect(await runCommand(node('process.kill(process.pid, "SIGKILL")'))).toMatchObject({
    kind: 'killed',
    signal: 'SIGKILL',
  })
  expect(await runCommand({ file: 'no-such-program', args: [], env: {} })).toEqual({
    kind: 'missing',
    file: 'no-such-program',
  })
  expect(await runCommand(node('', { cwd: '/no/such/folder' }))).toMatchObject({ kind: 'unstartable' })
})

test('cancelling ends the child and what it started, even when they do not want to', async () => {
  const controller = new AbortController()
  // The grandchild ignores SIGTERM and says its id, so that we can see whether it is gone.
  const script = `
    process.on('SIGTERM', () => {})
    const { spawn } = require('node:child_process')
    const child = spawn(process.execPath, ['-e', "process.on('SIGTERM', () => {}); console.log(process.pid); setInterval(() => {}, 1000)"], { stdio: 'inherit' })
    setInterval(() => {}, 1000)`
  let grandchild = 0
  const running = runCommand(
    node(script, {
      signal: controller.signal,
      onLine: (line) => {
        grandchild = Number(line)
        controller.abort()
      },
    }),
  )
  expect(await running).toMatchObject({ kind: 'cancelled' })
  expect(grandchild).toBeGreaterThan(0)
  for (let tries = 0; tries < 100 && alive(grandchild); tries++) await sleep(20)
  expect(alive(grandchild)).toBe(false)
})

test('what does not listen is ended although the child that started it has gone at once', async () => {
  const controller = new AbortController()
  const script = `
    const { spawn } = require('node:child_process')
    spawn(process.execPath, ['-e', "process.on('SIGTERM', () => {}); console.log(process.pid); setInterval(() => {}, 1000)"], { stdio: 'inherit' })`
  let grandchild = 0
  const outcome = await runCommand(
    node(script, {
      signal: controller.signal,
      onLine: (line) => {
        grandchild = Number(line)
        controller.abort()
      },
    }),
  )
  expect(outcome).toMatchObject({ kind: 'cancelled' })
  for (let tries = 0; tries < 100 && alive(grandchild); tries++) await sleep(20)
  expect(alive(grandchild)).toBe(false)
})

test('arguments that no child can have are no crash', async () => {
  expect(await runCommand(node('a\0b'))).toMatchObject({ kind: 'unstartable' })
})

test('a daemon that keeps our pipe open does not hold us', async () => {
  const script = `require('node:child_process').spawn(process.execPath, ['-e', 'setTimeout(() => {}, 20000)'], { stdio: 'inherit', detached: true }).unref(); console.log('done')`
  const tooLate = new AbortController()
  const ended = await Promise.race([runCommand(node(script)), sleep(15_000, 'held', { signal: tooLate.signal })])
  tooLate.abort()
  expect(ended).toMatchObject({ kind: 'exited', code: 0, stdout: 'done\n' })
})

test('a line without an end fills no memory', async () => {
  const lengths: number[] = []
  const script = 'for (let i = 0; i < 40; i++) process.stdout.write("x".repeat(1 << 20))'
  const outcome = await runCommand(node(script, { onLine: (line) => lengths.push(line.length) }))
  expect(Math.max(...lengths)).toBeLessThanOrEqual(1 << 20)
  expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(40 << 20)
  expect(outcome.kind === 'exited' && outcome.stdout.length).toBeLessThanOrEqual(17 << 20)
})

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
