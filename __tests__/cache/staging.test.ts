import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Entry } from '../../src/cache/entries.ts'
import { discard, moveIn } from '../../src/cache/staging.ts'
import { madeTree } from './made-tree.ts'

const context = { environment: { PATH: process.env['PATH'] }, signal: new AbortController().signal }
const entry = (path: string, unit = path): Entry => ({ path, unit })

test('an entry is moved as a whole, with its times', async () => {
  using from = madeTree({ 'release/deps/a': 'a', 'release/build/b/out/x': 'x', 'release/other': '' })
  using into = madeTree()
  const time = statSync(join(from.folder, 'release/build/b/out/x'), { bigint: true }).mtimeNs
  const entries = [entry('release/deps/a'), entry('release/build/b')]
  expect(await moveIn({ from: from.folder, into: join(into.folder, 'new'), entries, present: [], ...context })).toBe(2)
  expect(statSync(join(into.folder, 'new/release/build/b/out/x'), { bigint: true }).mtimeNs).toBe(time)
  expect(existsSync(join(into.folder, 'new/release/other'))).toBe(false)
})

test('nothing is overwritten, and no unit is made of two halves', async () => {
  using from = madeTree({ 'deps/a': 'cached', 'deps/a.d': 'cached', 'deps/b': 'cached', 'deps/c': 'cached' })
  using into = madeTree({ 'deps/a': 'own', 'deps/c': 'own, and known to nobody' })
  const entries = [entry('deps/a', 'a'), entry('deps/a.d', 'a'), entry('deps/b', 'b'), entry('deps/c', 'c')]
  const present = [entry('deps/a', 'a')]
  await moveIn({ from: from.folder, into: into.folder, entries, present, ...context })
  expect(readFileSync(join(into.folder, 'deps/a'), 'utf8')).toBe('own')
  expect(existsSync(join(into.folder, 'deps/a.d'))).toBe(false)
  expect(readFileSync(join(into.folder, 'deps/b'), 'utf8')).toBe('cached')
  expect(readFileSync(join(into.folder, 'deps/c'), 'utf8')).toBe('own, and known to nobody')
})

test('a file where a folder is needed is an error, and nothing of the entry is left', async () => {
  using from = madeTree({ 'release/deps/a': 'a' })
  using into = madeTree()
  writeFileSync(join(into.folder, 'release'), 'a file')
  const moving = moveIn({
    from: from.folder,
    into: into.folder,
    entries: [entry('release/deps/a')],
    present: [],
    ...context,
  })
  await expect(moving).rejects.toThrow(/ENOTDIR|EEXIST/)
})

test('what is aborted moves nothing more', async () => {
  using from = madeTree({ a: '' })
  using into = madeTree()
  const move = { from: from.folder, into: into.folder, entries: [entry('a')], present: [], environment: {} }
  await expect(moveIn({ ...move, signal: AbortSignal.abort() })).rejects.toThrow(/abort/)
  expect(existsSync(join(into.folder, 'a'))).toBe(false)
})

test('to discard what is not there is no error', async () => {
  await discard('/nowhere/at/all')
})
