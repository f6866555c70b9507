import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { download } from '../src/toolchain/download/download.ts'
import { type PinnedTools, pinnedTools } from '../src/toolchain/tools/pins.ts'

/**
 * `node scripts/pins.ts [tool …]` downloads what is pinned and compares. To pin another version, write it and its addresses
 * into src/toolchain/tools/pins.ts first: the hash that is shown here goes there once it was also seen somewhere else.
 */
const tools: PinnedTools = pinnedTools
const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(tools)
const folder = await mkdtemp(join(tmpdir(), 'rust-deploy-pins-'))
const log = { info: console.log, output: () => {}, finding: () => {} }
const signal = new AbortController().signal

try {
  for (const { url, sha256 } of wanted.flatMap((tool) => Object.values(tools[tool]?.pins ?? {}))) {
    const got = await download({ url: new URL(url), file: join(folder, 'file'), log, signal })
    const isPinned = got.kind === 'done' && got.sha256 === sha256
    console.log(`${isPinned ? 'same ' : 'OTHER'}  ${url}  ${got.kind === 'done' ? got.sha256 : got.why}`)
    if (!isPinned) process.exitCode = 1
  }
} finally {
  await rm(folder, { recursive: true })
}
