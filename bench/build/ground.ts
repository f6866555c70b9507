import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { machineVariables } from '../../__tests__/lab/runner/machine.ts'
import { removeFolder } from '../../__tests__/remove-folder.ts'
import { Watch } from './watch.ts'

const SAMPLE = join(import.meta.dirname, 'sample')

/** The places that both sides work in, one after the other, so that no path makes a difference. */
export class Ground {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'rust-deploy-bench-build-')))
  readonly checkout = join(this.folder, 'checkout')
  readonly cargoHome = join(this.folder, 'cargo-home')
  readonly watch = new Watch(join(this.folder, 'watch'))
  readonly #downloads = join(this.folder, 'downloads')
  #checkouts = 0

  /** The one time that the network is used. */
  download(target: string): void {
    mkdirSync(this.#downloads)
    // How this machine reaches the registry, if it does not do so by itself.
    const own = join(process.env['CARGO_HOME'] || join(homedir(), '.cargo'), 'config.toml')
    if (existsSync(own)) cpSync(own, join(this.#downloads, 'config.toml'))
    const env = { ...machineVariables(process.env), CARGO_HOME: this.#downloads }
    execFileSync('cargo', ['fetch', '--locked', '--quiet', '--target', target], { cwd: SAMPLE, env, stdio: 'inherit' })
    removeFolder(join(this.#downloads, 'registry/src'))
  }

  /** What a job finds: sources as new as a checkout makes them, nothing compiled, and nothing in cargo's home. */
  newMachine(changed: 'unchanged' | 'one file changed'): void {
    for (const each of [this.checkout, this.cargoHome]) removeFolder(each)
    mkdirSync(this.cargoHome)
    const config = join(this.#downloads, 'config.toml')
    if (existsSync(config)) cpSync(config, join(this.cargoHome, 'config.toml'))
    cpSync(SAMPLE, this.checkout, { recursive: true, filter: (path) => !/\/target$/.test(path) })
    writeFileSync(join(this.checkout, '.gitignore'), 'target\n')
    this.#checkouts += 1
    const text = changed === 'unchanged' ? 'ok' : `ok ${this.#checkouts}`
    writeFileSync(join(this.checkout, 'service/src/health.rs'), `pub const ANSWER: &str = "${text}";\n`)
    const git = (...args: string[]) => execFileSync('git', args, { cwd: this.checkout, env: GIT_ENVIRONMENT })
    git('init', '--quiet', '--initial-branch=main')
    git('add', '--all')
    git('commit', '--quiet', '--message', 'a state')
    this.watch.clear()
  }

  /** Where a job has no cache it would download. Both sides are spared that, since it says more of the network than of them. */
  giveDownloads(): void {
    cpSync(join(this.#downloads, 'registry'), join(this.cargoHome, 'registry'), {
      recursive: true,
      preserveTimestamps: true,
    })
  }

  /** Of everything that either side runs. */
  environment(): Record<string, string> {
    const own = machineVariables(process.env)
    return {
      ...own,
      ...this.watch.environment(own['PATH'] ?? ''),
      CARGO_HOME: this.cargoHome,
      CI: 'true',
    }
  }

  [Symbol.dispose](): void {
    removeFolder(this.folder)
  }
}

const GIT_ENVIRONMENT = {
  PATH: process.env['PATH'],
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'bench',
  GIT_AUTHOR_EMAIL: 'bench@localhost',
  GIT_COMMITTER_NAME: 'bench',
  GIT_COMMITTER_EMAIL: 'bench@localhost',
}
