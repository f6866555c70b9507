import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { tryRustup } from '../../src/toolchain/rustup.ts'
import { removeFolder } from '../remove-folder.ts'

test('what rustup says of its own options is not shown, and everything else is', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'rust-deploy-test-'))
  onTestFinished(() => removeFolder(directory))
  // As rustup 1.29 refuses a version that cannot be one.
  const said = "error: invalid value '1.12345' for '[TOOLCHAIN]...': invalid toolchain name: '1.12345'"
  const hint = "For more information, try '--help'."
  writeFileSync(
    join(directory, 'rustup'),
    `#!/bin/sh\ncat >&2 <<'end'\n${said}\n\n${hint}\n\u001b[1m${hint}\u001b[0m\nend\nexit 1\n`,
    { mode: 0o755 },
  )
  const lines: string[] = []
  const options = {
    directory,
    environment: { ...process.env, PATH: [directory, process.env['PATH']].join(delimiter) },
    signal: new AbortController().signal,
    log: { info() {}, output: (line: string) => void lines.push(line), finding() {} },
  }
  const stderr = await tryRustup(options, ['toolchain', 'install', '1.12345'])
  // The sentence of ours is made from all that it said.
  expect(stderr).toContain(hint)
  expect(lines.filter((line) => line.trim() !== '')).toEqual([said])
})
