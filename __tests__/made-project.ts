import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { removeFolder } from './remove-folder.ts'

export type MadeProject = Disposable & { folder: string; commit(): string }

/** A real project in a folder of its own, under git, gone at the end of the test. */
export function madeProject(files: Readonly<Record<string, string>>): MadeProject {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'rust-deploy-project-')))
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, encoding: 'utf8', env: GIT_ENVIRONMENT })
  git('init', '--quiet', '--initial-branch=main')
  const commit = () => {
    git('add', '--all')
    git('commit', '--quiet', '--allow-empty', '--message', 'a state')
    return git('rev-parse', 'HEAD').trim()
  }
  commit()
  return { folder, commit, [Symbol.dispose]: () => removeFolder(folder) }
}

/** The machine's own configuration of git must not decide how a test ends. */
const GIT_ENVIRONMENT = {
  PATH: process.env['PATH'],
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'test',
  GIT_AUTHOR_EMAIL: 'test@localhost',
  GIT_COMMITTER_NAME: 'test',
  GIT_COMMITTER_EMAIL: 'test@localhost',
}

/** This machine's own triple: what it can always compile, without anything being installed. */
export function hostTriple(): string {
  return /^host: (.+)$/m.exec(execFileSync('rustc', ['-vV'], { encoding: 'utf8' }))?.[1] ?? ''
}

/** Settings of a project whose test is about something else than gates and targets. */
function quickly(kind: 'package' | 'workspace', manifest: string): string {
  const section = `[${kind}.metadata.rust-deploy]\n`
  const settings = `gates = []\ntarget = ["${hostTriple()}"]\n`
  if (manifest.includes(section)) return manifest.replace(section, `${section}${settings}`)
  return `${manifest}${section}${settings}`
}

/** One package with one binary, and a lock file, since nothing is built without. No gate runs, and the target is the host. */
export function hello(more: Readonly<Record<string, string>> = {}, manifest = ''): Record<string, string> {
  return {
    'Cargo.toml': quickly('package', manifestOf('hello', manifest)),
    'Cargo.lock': lockOf('hello'),
    'src/main.rs': 'fn main() { println!("hello {:?}", option_env!("RUST_DEPLOY_SHA")) }\n',
    '.gitignore': 'target\n',
    ...more,
  }
}

/** Two packages in a virtual workspace, which says itself what is built. */
export function apiAndWorker(): Record<string, string> {
  return {
    'Cargo.toml': quickly(
      'workspace',
      '[workspace]\nresolver = "2"\nmembers = ["api", "worker"]\n[workspace.metadata.rust-deploy]\npackage = ["api", "worker"]\nprofile = "dev"\n',
    ),
    'Cargo.lock': lockOf('api', 'worker'),
    'api/Cargo.toml': manifestOf('api'),
    'api/src/main.rs': 'fn main() {}\n',
    'worker/Cargo.toml': manifestOf('worker'),
    'worker/src/main.rs': 'fn main() {}\n',
    '.gitignore': 'target\n',
  }
}

export function manifestOf(name: string, more = ''): string {
  return `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2021"\n${more}`
}

export function lockOf(...names: readonly string[]): string {
  return `version = 4\n${names
    .toSorted()
    .map((name) => `\n[[package]]\nname = "${name}"\nversion = "0.1.0"\n`)
    .join('')}`
}
