import { execFileSync } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import type { CompilingOptions } from '../../src/gates/gate.ts'
import { type Workspace, workspaceOf } from '../../src/gates/workspace.ts'
import type { Finding } from '../../src/report/finding.ts'

/** What a gate is given in these tests, and the lines that it put into the log. */
export function judged(folder: string, more: Partial<CompilingOptions> & { repository?: string } = {}) {
  const lines: string[] = []
  const { repository = folder, ...given } = more
  const options: CompilingOptions = {
    directory: folder,
    workspace: workspaceIn(folder, repository),
    environment: gateEnvironment(folder),
    colour: false,
    target: undefined,
    featureArguments: [],
    extraArguments: [],
    explain: ({ said, stderr }) => `${said} failed: ${stderr.trim()}`,
    log: {
      info: (text) => void lines.push(text),
      output: (line) => void lines.push(line),
      finding: () => {
        throw new Error('A gate returns its findings.')
      },
    },
    signal: new AbortController().signal,
    ...given,
  }
  return { options, lines }
}

function workspaceIn(folder: string, repository: string): Workspace {
  const env = gateEnvironment(folder)
  const said = execFileSync('cargo', METADATA, {
    cwd: folder,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return workspaceOf(JSON.parse(said), realpathSync(repository))
}

const METADATA = ['metadata', '--no-deps', '--format-version', '1']

/** The machine's own settings must not decide how a test ends. */
export function gateEnvironment(folder: string): Record<string, string | undefined> {
  const { RUST_BACKTRACE: _, RUSTFLAGS: __, CARGO_BUILD_TARGET: ___, ...environment } = process.env
  return { ...environment, CARGO_TARGET_DIR: join(folder, 'target') }
}

/** One line for each finding: where, what, and the first line of why. */
export function told(findings: readonly Finding[]): string[] {
  return findings.map(({ level, title, message, place }) => {
    const { file = '-', line = '-' } = place ?? {}
    return `${file}:${line} ${level} ${title}: ${message.split('\n')[0]}`
  })
}

/** A workspace for the readers of output, which need no cargo. */
export const workspace: Workspace = {
  repository: '/repo',
  root: '/repo/rust',
  targetDirectory: '/repo/rust/target',
  members: new Map([['path+file:///repo/rust#app@0.1.0', 'app']]),
  targets: [],
}

/** The toolchain's own programs, and none of those that rustup would put in their place. */
export function toolchainProgram(name: string): string {
  const sysroot = execFileSync('rustc', ['--print', 'sysroot'], { encoding: 'utf8' }).trim()
  return join(sysroot, 'bin', name)
}

export function hostTriple(): string {
  const said = execFileSync('rustc', ['-vV'], { encoding: 'utf8' })
  return /^host: (.+)$/m.exec(said)?.[1] ?? ''
}
