import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fits, versionIn, versionOf } from '../../../src/toolchain/tools/version.ts'
import { writeProgram } from './installation.ts'

test.each([
  ['0.22.2', true],
  ['0.22.10', true],
  ['0.22.1', false],
  ['0.23.0', false],
  ['1.22.2', false],
  ['0.22.3-rc.1', false],
])('%s in place of a pinned 0.22.2: %s', (version, expected) => {
  expect(fits(version, '0.22.2')).toBe(expected)
})

test.each([
  ['2.3.4', true],
  ['2.4.0', true],
  ['2.3.3', false],
  ['2.2.9', false],
  ['3.0.0', false],
])('%s in place of a pinned 2.3.4: %s', (version, expected) => {
  expect(fits(version, '2.3.4')).toBe(expected)
})

test.each([
  ['cargo-nextest 0.9.143 (60fa45f63 2026-08-04)\nrelease: 0.9.143\n', '0.9.143'],
  ['cargo-audit 0.22.2\n', '0.22.2'],
  ['0.16.0\n', '0.16.0'],
  ['0.16.0-dev.1484+d0ba6642b\n', '0.16.0-dev.1484'],
  ["'cargo auditable' should be invoked through Cargo", undefined],
  ['tool built on 2026.8\n', undefined],
  ['', undefined],
])('the version in %j is %s', (text, expected) => {
  expect(versionIn(text)).toBe(expected)
})

test('a program that fails, is killed, is no program or is not there has no version', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rust-deploy-versions-'))
  try {
    const programs = {
      fails: '#!/bin/sh\necho 1.2.3\nexit 1\n',
      killed: '#!/bin/sh\necho 1.2.3\nkill -9 $$\n',
      'no-interpreter': '#!/nowhere/sh\n',
      'no-program': '\0\x01\x02',
    }
    for (const [name, text] of Object.entries(programs)) writeProgram(join(folder, name), text)
    for (const name of [...Object.keys(programs), 'missing']) {
      const asking = { program: join(folder, name), args: [], environment: {}, signal: new AbortController().signal }
      expect(await versionOf(asking), name).toBeUndefined()
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})
