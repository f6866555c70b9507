import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { beforeEach, expect, test } from 'vitest'
import { need } from '../ground/need.ts'
import { isAlive, processId } from '../ground/owner.ts'
import { sweep } from '../ground/release.ts'
import { startHost, whyNoHosts } from './host.ts'
import { tracesOf } from './traces.ts'
import { until } from './until.ts'

beforeEach((context) => need(context, 'host', whyNoHosts()))

const START = `
import { startHost } from ${JSON.stringify(fileURLToPath(new URL('host.ts', import.meta.url)))}
const host = await startHost()
await host.run(['systemd-run', '--unit=busy', 'sleep', '600'])
console.log(host.name)
`

/** Another process that starts a host; `line` is its first line. */
async function stranger(): Promise<{ kill(): Promise<void>; line: string }> {
  const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', START], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const known = processId(child.pid ?? 0)
  const ended = once(child, 'exit')
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  return {
    line,
    kill: async () => {
      if (known === undefined || !isAlive(known)) throw new Error('the process that should be killed ended by itself')
      process.kill(known.pid, 'SIGKILL')
      await ended
    },
  }
}

test('a host dies with the process that started it, and whoever starts the next clears what it left', async () => {
  const { line: name, kill } = await stranger()
  const alive = await tracesOf(name)
  expect(Object.keys(alive)).toEqual(expect.arrayContaining(['processes', 'mounts', 'links', 'namespaces', 'folders']))

  await kill()
  // At once and without anybody's help: the processes, their mounts and the disks.
  await until(`${name} to die`, async () => {
    const left = await tracesOf(name)
    return ['processes', 'mounts', 'loops'].every((kind) => left[kind] === undefined)
  })
  // The rest may be gone already: every test of the lab that starts something sweeps.
  await using _next = await startHost()
  expect(await tracesOf(name)).toEqual({})
})

test('a sweep touches nothing of owners who live', async () => {
  const { line: name, kill } = await stranger()
  await using mine = await startHost()
  await sweep()
  expect(Object.keys(await tracesOf(name))).toContain('processes')
  expect((await mine.exec(['true'])).code).toBe(0)

  await kill()
  await Promise.all([sweep(), sweep()])
  expect(await tracesOf(name)).toEqual({})
  expect((await mine.exec(['true'])).code).toBe(0)
})
