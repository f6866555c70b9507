import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Finding } from '../../../src/report/finding.ts'
import type { FindOptions } from '../../../src/toolchain/tools/find.ts'
import type { PinnedTool, PinnedTools, System } from '../../../src/toolchain/tools/pins.ts'
import { removeFolder } from '../../remove-folder.ts'

export const HERE: System = `${process.platform}-${process.arch}`
export const TOOL = 'made-tool'
export const VERSION = '1.2.3'
export const PATIENCE = { silentMs: 5000, totalMs: 20_000, pauseMs: 1 } as const

export type Said = { info: string[]; output: string[]; findings: Finding[] }

export type Installation = Disposable & {
  folder: string
  said: Said
  /** What findTool gets, but for the mirror: an empty tool folder and a PATH with the system's programs and no tools. */
  options: Omit<FindOptions, 'mirror'>
}

/** A machine's folders as far as installing tools goes, gone at the end of the test. */
export function installation(pins: PinnedTools): Installation {
  const folder = mkdtempSync(join(tmpdir(), 'rust-deploy-tools-'))
  const scratch = join(folder, 'scratch')
  mkdirSync(scratch)
  const said: Said = { info: [], output: [], findings: [] }
  return {
    folder,
    said,
    options: {
      tool: TOOL,
      pins,
      environment: { PATH: '/usr/bin:/bin' },
      folder: join(folder, 'tools'),
      scratch,
      log: {
        info: (text) => said.info.push(text),
        output: (line) => said.output.push(line),
        finding: (finding) => said.findings.push(finding),
      },
      signal: new AbortController().signal,
      patience: PATIENCE,
    },
    [Symbol.dispose]: () => removeFolder(folder),
  }
}

/** A program that says a version. */
export function script(version: string, name = TOOL): string {
  return `#!/bin/sh\necho "${name} ${version}"\n`
}

export function writeProgram(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  chmodSync(path, 0o755)
}

/** An archive as a release has it, packed by tar with whatever arguments. */
export function archiveOf(programs: Readonly<Record<string, string>>, flag = '-z', ...more: string[]): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'rust-deploy-archive-'))
  try {
    for (const [path, text] of Object.entries(programs)) writeProgram(join(folder, 'tree', path), text)
    const file = join(folder, 'archive')
    execFileSync('tar', ['-c', flag, '-f', file, ...more, '-C', join(folder, 'tree'), '.'])
    return readFileSync(file)
  } finally {
    removeFolder(folder)
  }
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

export type Release = { fileName?: string; binary?: string; sha256: string; isCrate?: boolean }

/** A pin of the made tool at an address that nothing answers: the tests name a mirror. */
export function pinned({ fileName, binary, sha256, isCrate }: Release): Record<typeof TOOL, PinnedTool> {
  return {
    [TOOL]: {
      version: VERSION,
      asks: ['--version'],
      isCrate: isCrate ?? true,
      pins: {
        [HERE]: {
          url: `https://releases.invalid/download/v${VERSION}/${fileName ?? 'made-tool.tar.gz'}`,
          sha256,
          binary: binary ?? `made-tool-${VERSION}/${TOOL}`,
        },
      },
    },
  }
}

export const ARCHIVE_PATH = `/${TOOL}/${VERSION}/made-tool.tar.gz`
