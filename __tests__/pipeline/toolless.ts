import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { gateEnvironment, toolchainProgram } from '../gates/judged.ts'

/**
 * A machine with the toolchain and git and none of the pinned tools, on which nothing can be compiled either: what was
 * tried is noted.
 */
export function toolless(
  folder: string,
  /** What a script does that stands in git's place. */
  git?: string,
): {
  environment: Record<string, string | undefined>
  /** The tools that cargo was to compile. */
  compiled: () => readonly string[]
} {
  const bin = join(folder, 'target/toolchain')
  const notes = join(folder, 'target/notes-of-installs')
  for (const each of [bin, join(folder, 'target/scratch')]) mkdirSync(each, { recursive: true })
  symlinkSync(toolchainProgram('rustc'), join(bin, 'rustc'))
  const cargo = [
    '#!/bin/sh',
    `if [ "$1" = install ]; then echo "$*" >> '${notes}'; exit 1; fi`,
    `exec '${toolchainProgram('cargo')}' "$@"`,
  ]
  writeFileSync(join(bin, 'cargo'), `${cargo.join('\n')}\n`, { mode: 0o755 })
  if (git !== undefined) writeFileSync(join(bin, 'git'), `#!/bin/sh\n${git}\n`, { mode: 0o755 })
  return {
    environment: { ...gateEnvironment(folder), PATH: [bin, '/usr/bin', '/bin'].join(delimiter) },
    compiled: () => {
      if (!existsSync(notes)) return []
      const lines = readFileSync(notes, 'utf8').trimEnd().split('\n')
      return lines.map((line) => line.split(' ').at(-1) ?? '')
    },
  }
}
