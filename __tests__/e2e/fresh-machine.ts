import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { expect } from 'vitest'
import type { Report } from '../../src/report/report.ts'
import { objectionsTo } from '../build/cyclonedx.ts'
import { removeFolder } from '../remove-folder.ts'
import { type CliRun, cli } from './cli-door.ts'
import { bareRust } from './thrown-away-machine.ts'

export type FreshMachine = AsyncDisposable & {
  env: Record<string, string>
  /** Builds behind these gates, and expects that all goes well. */
  builds(folder: string, gates: string, ...args: readonly string[]): Promise<Report>
  runs(folder: string, ...args: readonly string[]): Promise<CliRun>
}

/** A person's machine with a rustup that has installed nothing yet: every toolchain comes from the lab's server. */
export async function freshMachine(): Promise<FreshMachine> {
  await using stack = new AsyncDisposableStack()
  const { env } = await bareRust(stack)
  const runs = (folder: string, ...args: readonly string[]) => cli(args, { folder, env })
  const owned = stack.move()
  return {
    env,
    runs,
    async builds(folder, gates, ...args) {
      const run = await runs(folder, 'build', '--gates', gates, ...args)
      expect(run.code, run.stderr).toBe(0)
      return reportOf(run, folder)
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** The report that the result on the standard output names, wherever the project has cargo write. */
function reportOf({ stdout }: CliRun, folder: string): Report {
  const path = /^ {2}report {2}(.+)$/m.exec(stdout)?.[1] ?? ''
  return JSON.parse(readFileSync(resolve(folder, path), 'utf8'))
}

export type Opened = Disposable & {
  /** What is in the archive beside the binary. */
  files: string[]
  /** The binary of the archive. */
  program: string
  /** What it says where nothing else is: no loader, no library, no environment. */
  says(...args: string[]): string
  /** What the SBOM names: `required` is in the binary, `excluded` only helped to build it. */
  parts: Record<string, string>
}

/** Opens what was made for one binary, as somebody would who gets the files and nothing else. */
export function opened({ binaries }: Report, name: string): Opened {
  const binary = binaries.find((each) => each.name === name)
  if (binary === undefined) throw new Error(`the report names no binary ${name}`)
  const folder = join(dirname(dirname(dirname(binary.path))), 'rust-deploy', binary.target ?? '')
  const stem = `${name}-${binary.version}-${binary.target}`
  const into = mkdtempSync(join(tmpdir(), 'rust-deploy-opened-'))
  execFileSync('tar', ['-xzf', join(folder, `${stem}.tar.gz`), '-C', into])
  const program = join(into, stem, name)
  expect(createHash('sha256').update(readFileSync(program)).digest('hex')).toBe(binary.sha256)

  const sbom = JSON.parse(readFileSync(join(folder, `${stem}.cdx.json`), 'utf8'))
  expect(objectionsTo(sbom)).toEqual([])
  expect(sbom.metadata.component.hashes).toEqual([{ alg: 'SHA-256', content: binary.sha256 }])
  const components: readonly { name: string; scope: string }[] = sbom.components
  return {
    files: readdirSync(join(into, stem), { recursive: true, withFileTypes: true })
      .filter((each) => each.isFile() && each.name !== name)
      .map((each) => join(each.parentPath, each.name).slice(join(into, stem).length + 1))
      .toSorted(),
    program,
    says: (...args) =>
      execFileSync('/usr/sbin/chroot', [join(into, stem), `/${name}`, ...args], { encoding: 'utf8', env: {} }),
    parts: Object.fromEntries(components.map((each) => [each.name, each.scope])),
    [Symbol.dispose]: () => removeFolder(into),
  }
}
