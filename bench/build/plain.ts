import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import type { Github } from '../../__tests__/lab/github/github.ts'
import { runCommand } from '../../src/process/command.ts'
import type { Ground } from './ground.ts'
import { type Run, timed } from './measured.ts'

/** The same commands, written into a workflow by hand, between the two halves of the usual cache action. */
export class Plain {
  readonly #ground: Ground
  readonly #cache: string

  constructor(ground: Ground) {
    this.#ground = ground
    this.#cache = join(ground.folder, 'plain')
  }

  /** Bundled, since the action that everybody uses is. */
  async prepare(): Promise<void> {
    const bundle = await rolldown({ input: join(import.meta.dirname, 'plain-cache.ts'), platform: 'node' })
    await bundle.write({ dir: this.#cache, format: 'esm', minify: true, entryFileNames: 'cache.mjs' })
    await bundle.close()
  }

  async run(github: Github, target: string): Promise<Run> {
    const known = github.caches.list().length
    const whole = await timed(async () => {
      const restore = await timed(() => this.#transfer(github, 'restore'))
      for (const args of commands(target)) await this.#command('cargo', args)
      // A key that was found is not written again.
      const isHit = restore.result.trimEnd().endsWith(`found ${KEY}`)
      const save = isHit ? undefined : await timed(() => this.#transfer(github, 'save'))
      return { restoreSeconds: restore.seconds, saveSeconds: save?.seconds ?? 0 }
    })
    const saved = github.caches.list().slice(known)
    const cargo = this.#ground.watch.work()
    return {
      seconds: whole.seconds,
      cargo,
      ...whole.result,
      ownSeconds: whole.seconds - cargo.seconds - whole.result.restoreSeconds,
      savedBytes: saved.reduce((sum, { content }) => sum + (content?.size ?? 0), 0),
    }
  }

  async #transfer(github: Github, operation: 'restore' | 'save'): Promise<string> {
    const { checkout, cargoHome, folder } = this.#ground
    // As the documentation of that action recommends it for cargo.
    const home = ['bin', 'registry/index', 'registry/cache', 'git/db'].map((name) => join(cargoHome, name))
    const temp = join(folder, 'plain-temp')
    mkdirSync(temp, { recursive: true })
    const runner = { ...github.env(), GITHUB_WORKSPACE: checkout, RUNNER_TEMP: temp }
    return this.#command(
      process.execPath,
      [join(this.#cache, 'cache.mjs'), operation, KEY, ...home, join(checkout, 'target')],
      runner,
    )
  }

  async #command(file: string, args: readonly string[], more: Record<string, string> = {}): Promise<string> {
    const env = { ...this.#ground.environment(), ...more }
    const outcome = await runCommand({ file, args, cwd: this.#ground.checkout, env })
    if (outcome.kind === 'exited' && outcome.code === 0) return outcome.stdout
    const said = 'stderr' in outcome ? outcome.stderr.slice(-2000) : ''
    throw new Error(`${file} ${args[0]} did not succeed (${outcome.kind}):\n${said}`)
  }
}

const KEY = 'plain-cargo'
const UNITS = ['--message-format', 'json-render-diagnostics']

function commands(target: string): string[][] {
  return [
    ['fmt', '--all', '--check'],
    ['clippy', '--workspace', '--all-targets', '--locked', ...UNITS, '--', '--deny', 'warnings'],
    ['test', '--workspace', '--no-fail-fast', '--locked', ...UNITS],
    ['build', '--release', '--locked', '--target', target, '--package', 'service', '--bin', 'service', ...UNITS],
  ]
}
