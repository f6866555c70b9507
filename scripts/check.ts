import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

const GENERATED = ['dist', 'action.yml', 'README.md', 'docs', '.github', 'src/servers/host/scripts.ts']

/** Everything that must hold of the sources themselves; all of it is run, so that one look shows all that is wrong. */
const checks: readonly [title: string, command: readonly string[]][] = [
  ['types', ['tsc']],
  ['lint and format', ['biome', 'check', '--error-on-warnings', '.']],
  ['generated files', ['node', 'scripts/generate.ts']],
  ['bundle', ['node', 'scripts/build.ts']],
  // After both were made anew: what differs from the commit was not made by them.
  ['no drift', ['git', 'diff', '--exit-code', '--stat', '--', ...GENERATED]],
  ['nothing unknown to git in dist', ['node', 'scripts/untracked.ts', 'dist']],
]

let failed = 0
for (const [title, [file = '', ...args]] of checks) {
  const began = performance.now()
  const { status } = spawnSync(file, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' })
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  console.log(`${status === 0 ? 'ok' : '!!'} ${title} (${seconds} s)`)
  if (status !== 0) failed += 1
}
process.exit(failed === 0 ? 0 : 1)
