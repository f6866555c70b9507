import { spawnSync } from 'node:child_process'
import { chmodSync, globSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../ground/command.ts'
import { debianPackages, whyNoDebianRoot } from '../ground/packages.ts'

/** What act's go.mod asks for, and the toolchain that is fetched when the machine has none as new. */
const NEEDED = { major: 1, minor: 25 }
const TOOLCHAIN = 'go1.25.5'
const ARCHITECTURES = new Map([
  ['x64', 'amd64'],
  ['arm64', 'arm64'],
])

/** Why this machine cannot compile Go programs, or undefined when it can. */
export function whyNoGo(): string | undefined {
  return isNewEnough(versionOnPath()) ? undefined : whyNoDebianRoot()
}

/**
 * A Go that is new enough: the machine's own, or one from the module proxy, where toolchains are modules like any other.
 * Any Go can fetch those and check them against the public checksums; Debian's, from before there were toolchains,
 * cannot run them by itself.
 */
export async function goProgram(env: Readonly<Record<string, string | undefined>>): Promise<string> {
  const own = versionOnPath()
  if (isNewEnough(own)) return 'go'
  if (own === undefined) await debianPackages('golang-go')
  const module = `golang.org/toolchain@v0.0.1-${TOOLCHAIN}.linux-${ARCHITECTURES.get(process.arch) ?? process.arch}`
  const said: unknown = JSON.parse(await run(['go', 'mod', 'download', '-json', module], { env, timeoutMs: 300_000 }))
  const root = (said as { Dir: string }).Dir
  // The files of a module are never executable.
  for (const file of globSync(['bin/*', 'pkg/tool/*/*'], { cwd: root })) chmodSync(join(root, file), 0o755)
  return join(root, 'bin/go')
}

function versionOnPath(): string | undefined {
  const { status, stdout } = spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : undefined
}

function isNewEnough(version: string | undefined): boolean {
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(version ?? '') ?? []
  return Number(major) === NEEDED.major && Number(minor) >= NEEDED.minor
}
