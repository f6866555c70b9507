import { posix } from 'node:path'
import { pathOnMirror } from '../../src/toolchain/tools/address.ts'
import { type PinnedTools, pinnedTools } from '../../src/toolchain/tools/pins.ts'

const tools: PinnedTools = pinnedTools

const ABOUT: Record<keyof typeof pinnedTools, string> = {
  'cargo-audit': 'the gate `audit`',
  'cargo-deny': 'the gate `deny`',
  'cargo-nextest': 'the gate `test`, where a project uses nextest',
  'cargo-auditable': '`auditable`',
  'cargo-zigbuild': 'foreign targets with C code, and glibc floors',
  zig: 'foreign targets with C code, and glibc floors',
}

export function toolsNeeded(): string {
  const rows = Object.entries(ABOUT).map(([tool, about]) => `| ${tool} | ${tools[tool]?.version} | ${about} |`)
  return `| tool | version | needed for |\n| --- | --- | --- |\n${rows.join('\n')}\n`
}

/** Every file with its path below the mirror's address. One file can serve several systems. */
export function mirroredFiles(): string {
  const files = new Map<string, { from: string; sha256: string; systems: string[] }>()
  for (const [tool, { version, pins }] of Object.entries(tools)) {
    for (const [system, { url, sha256 }] of Object.entries(pins)) {
      const path = pathOnMirror(url, tool, version)
      const file = files.get(path) ?? { from: `${posix.dirname(url)}/`, sha256, systems: [] }
      file.systems.push(system)
      files.set(path, file)
    }
  }
  const lines = [...files].map(
    ([path, { from, sha256, systems }]) =>
      `- \`${path}\` (${systems.join(', ')})  \n  from <${from}>  \n  SHA-256 \`${sha256}\``,
  )
  return `${lines.join('\n')}\n`
}
