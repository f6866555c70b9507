import { existsSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { emptyLibraries } from '../../../src/toolchain/linking/empty-libraries.ts'
import { madeProject } from '../../made-project.ts'

test('libraries that are there are left alone, and damaged ones are written again', async () => {
  using place = madeProject({})
  const folder = join(place.folder, 'some where', 'empty')
  expect(await emptyLibraries(folder)).toBe(`-Lnative=${folder}`)
  const [m, dl] = [join(folder, 'libm.a'), join(folder, 'libdl.a')]
  utimesSync(m, 1, 1)
  writeFileSync(dl, '!<ar')
  await emptyLibraries(folder)
  expect(statSync(m).mtimeMs).toBe(1000)
  expect(readFileSync(dl, 'utf8')).toBe('!<arch>\n')
  // The libc itself must be that of Rust.
  expect(existsSync(join(folder, 'libc.a'))).toBe(false)
})

test('a folder that cannot be written is a sentence', async () => {
  using place = madeProject({ file: '' })
  await expect(emptyLibraries(join(place.folder, 'file', 'empty'))).rejects.toThrow(
    /^The empty libraries that musl is linked with cannot be written \(ENOTDIR.*\): let RUNNER_TOOL_CACHE name a folder/,
  )
})
