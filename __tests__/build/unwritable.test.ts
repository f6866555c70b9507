import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writeSums } from '../../src/build/sums-file.ts'
import { unwritable } from '../../src/build/unwritable.ts'
import { Failed } from '../../src/report/ending.ts'
import { removeFolder } from '../remove-folder.ts'

const failing = (code: string) => Object.assign(new Error(`${code}: something, mkdir '/x'`), { code })

test.each([
  ['ENOSPC', 'see that the disk has room for it.'],
  ['EDQUOT', 'see that the disk has room for it.'],
  ['EACCES', 'this user may not write there.'],
  ['EPERM', 'this user may not write there.'],
  ['EROFS', 'this user may not write there.'],
  ['ENOTDIR', 'something else is in its place.'],
  ['EEXIST', 'something else is in its place.'],
  ['EISDIR', 'something else is in its place.'],
])('%s: %s', (code, says) => {
  const failed = unwritable('The SBOM x', failing(code))
  expect(failed).toBeInstanceOf(Failed)
  expect(failed.message).toMatch(
    `The SBOM x could not be written (${code}: something, mkdir '/x'): ${says.slice(0, -1)}`,
  )
  expect(failed.message).toMatch(/\.$/)
  if (code !== 'ENOSPC' && code !== 'EDQUOT') expect(failed.message).not.toContain('room')
})

test('of what nobody foresaw no cause is made up', () => {
  const said = 'look at what is there, at the rights to it and at the room on its disk.'
  expect(unwritable('x', failing('EIO')).message).toContain(said)
  expect(unwritable('x', 'no error at all').message).toBe(`x could not be written (no error at all): ${said}`)
})

test('a folder in the place of a file, and a file in the place of a folder', async () => {
  const place = mkdtempSync(join(tmpdir(), 'rust-deploy-unwritable-'))
  try {
    mkdirSync(join(place, 'folder'))
    writeFileSync(join(place, 'file'), '')
    mkdirSync(join(place, 'SHA256SUMS'))
    await expect(writeSums(place, [join(place, 'file')], new AbortController().signal)).rejects.toThrow(
      /SHA256SUMS could not be written \(EISDIR.*\): something else is in its place/,
    )
    for (const path of [join(place, 'folder'), join(place, 'file/below')]) {
      const cause = await writeFile(path, '').catch((error: unknown) => error)
      expect(unwritable(path, cause).message).toContain('): something else is in its place')
    }
  } finally {
    removeFolder(place)
  }
})
