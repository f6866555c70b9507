import { beforeEach, expect, test } from 'vitest'
import { run } from '../ground/command.ts'
import { need } from '../ground/need.ts'
import { rustupPart } from './part.ts'
import { downloadedRustup, installedRustup } from './program.ts'

beforeEach((context) => need(context, 'rustup', rustupPart.whyNot()))

test('where the machine has no rustup, the real one is found elsewhere', async () => {
  expect(installedRustup({ PATH: '/nowhere:/etc', CARGO_HOME: '/nowhere' })).toBeUndefined()
  const program = await downloadedRustup()
  expect(await run([program, '--version'], { env: {} })).toMatch(/^rustup 1\.29\.0 \(/)
})
