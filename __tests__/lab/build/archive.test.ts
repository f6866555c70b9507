import { randomBytes } from 'node:crypto'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { packArchive } from '../../../src/build/archive.ts'
import { Failed } from '../../../src/report/ending.ts'
import { need } from '../ground/need.ts'
import { whyNoDebianRoot } from '../ground/packages.ts'
import { smallDisk } from '../ground/small-disk.ts'

test('a disk that is full is said, and is as empty as before', async (context) => {
  need(context, 'small disk', whyNoDebianRoot())
  await using full = await smallDisk(1024 * 1024)
  await using source = await smallDisk(8 * 1024 * 1024)
  const path = join(source.folder, 'hello')
  writeFileSync(path, randomBytes(4 * 1024 * 1024))
  const pack = packArchive({
    folder: full.folder,
    binary: { name: 'hello', version: '1.0.0', target: 't', path },
    files: [],
    time: 0,
    signal: new AbortController().signal,
  })
  await expect(pack).rejects.toThrow(Failed)
  await expect(pack).rejects.toThrow(/ENOSPC.*: see that the disk has room for it\.$/)
  expect(readdirSync(full.folder)).toEqual([])
})
