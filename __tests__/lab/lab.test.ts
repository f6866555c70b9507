import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { need } from './ground/need.ts'
import { hostPart } from './host/part.ts'
import { tracesOf } from './host/traces.ts'
import { parts } from './parts.ts'

const LAB = join(import.meta.dirname, 'lab.ts')

test('the list names every part, and an unknown one is an error', () => {
  const list = spawnSync(process.execPath, [LAB], { encoding: 'utf8' })
  expect(list.status).toBe(0)
  for (const { name } of parts) expect(list.stdout).toContain(`  ${name} `)
  expect(spawnSync(process.execPath, [LAB, 'hots']).status).toBe(2)
})

test('a developer gets a host until Ctrl-C', async (context) => {
  need(context, 'host', hostPart.whyNot())
  const lab = spawn(process.execPath, [LAB, 'host'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(lab, 'exit')
  let name = ''
  for await (const line of createInterface({ input: lab.stdout })) {
    name = /^(\S+) is up/.exec(line)?.[1] ?? name
    if (line.startsWith('Ctrl-C')) lab.kill('SIGINT')
  }
  expect((await ended)[0]).toBe(0)
  expect(name).toMatch(/^host-/)
  expect(await tracesOf(name)).toEqual({})
})
