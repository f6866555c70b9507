import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Report } from '../../src/report/report.ts'
import type { Github } from '../lab/github/github.ts'
import { run } from '../lab/ground/command.ts'
import type { Facts } from '../lab/runner/facts.ts'
import type { StepResult } from '../lab/runner/phase.ts'
import { startRunner } from '../lab/runner/runner.ts'
import { freshRustupHome, type RustupHome } from '../lab/rustup/home.ts'
import { startRustupServer } from '../lab/rustup/server.ts'
import type { MadeProject } from '../made-project.ts'
import { removeFolder } from '../remove-folder.ts'

/** Of a machine that compiles everything, and has much else to do. */
const SLOWEST_MS = 900_000

const ACTION = join(import.meta.dirname, '../..')
export const GNU = 'x86_64-unknown-linux-gnu'
export const MUSL = 'x86_64-unknown-linux-musl'

export type Job = {
  inputs?: Readonly<Record<string, string>>
  env?: Readonly<Record<string, string>>
  /** What GitHub says of the run, and how its job reaches the services: a push to the default branch. */
  facts?: Partial<Facts>
  services?: Readonly<Record<string, string>>
}

export type Ran = StepResult & { report: Report; home: Cache; dependencies: Cache }
type Cache = Report['caches'][number]

/** The machine that GitHub makes anew for each job: always the same folders, and nothing of the last job in them. */
export class Machine {
  readonly #project: MadeProject
  readonly #env: Readonly<Record<string, string>>
  readonly #forgotten: readonly string[]
  #runs = 0

  constructor(project: MadeProject, env: Readonly<Record<string, string>>, forgotten: readonly string[]) {
    this.#project = project
    this.#env = env
    this.#forgotten = [...forgotten, join(project.folder, 'target')]
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(this.#project.folder, name), content)
    this.#project.commit()
  }

  async run(github: Github, { inputs = {}, env = {}, facts = {}, ...job }: Job = {}): Promise<Ran> {
    this.#runs += 1
    for (const path of this.#forgotten) removeFolder(path)
    await using runner = await startRunner({
      action: ACTION,
      workspace: this.#project.folder,
      env: { ...this.#env, ...env },
      github: facts,
      services: job.services ?? github.env({ run: `run-${this.#runs}` }),
    })
    const result = await runner.runStep({ inputs, timeoutMs: SLOWEST_MS }).done
    const report: Report = JSON.parse(readFileSync(result.outputs['report'] ?? '', 'utf8'))
    const [home = NONE, dependencies = NONE] = report.caches
    return { ...result, report, home, dependencies }
  }
}

const NONE: Cache = { name: '', hit: 'none' }

/** A machine with rustup and no toolchain, which is all that the pinned rustup-init would have brought. */
export async function bareRust(stack: AsyncDisposableStack): Promise<RustupHome> {
  const server = stack.use(await startRustupServer())
  const home = stack.use(await freshRustupHome())
  return { ...home, env: { ...home.env, ...server.env } }
}

/** The same with a toolchain that has all that the tests need. */
export async function wholeRust(stack: AsyncDisposableStack): Promise<RustupHome> {
  const home = await bareRust(stack)
  const options = { env: home.env }
  const parts = ['--component', 'clippy', '--component', 'rustfmt', '--target', MUSL]
  await run(['rustup', 'toolchain', 'install', 'stable', '--no-self-update', '--profile', 'minimal', ...parts], options)
  await run(['rustup', 'default', 'stable'], options)
  return home
}
