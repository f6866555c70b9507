import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The main job, shown: what a run would do, the build of examples/hello, and what its job summary says. It uses nothing
 * but the committed bundle, so it works on a fresh clone before anything is installed; plain JavaScript, because the
 * machine's own Node may not read TypeScript.
 */
const root = join(import.meta.dirname, '..')
const summary = join(root, 'examples/hello/target/rust-deploy/summary.md')

// For this machine itself and without the audit, so that nothing has to be downloaded but crates.
const settings = ['--target', host(), '--gates', 'fmt,clippy,test']
run('what would be done', 'build', '--dry-run', ...settings)
run('doing it', 'build', ...settings)
if (existsSync(summary)) {
  console.log('\n# the summary\n')
  console.log(readFileSync(summary, 'utf8'))
}

/** @param {string} title @param {string[]} args */
function run(title, ...args) {
  console.log(`\n# ${title}: rust-deploy ${args.join(' ')}\n`)
  const cli = [join(root, 'dist/cli.js'), ...args, '--working-directory', 'examples/hello']
  // Where the summary is looked for below, whatever this machine builds into otherwise.
  const env = { ...process.env, CARGO_TARGET_DIR: join(root, 'examples/hello/target') }
  const { status } = spawnSync(process.execPath, cli, { cwd: root, env, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

function host() {
  const { stdout } = spawnSync('rustc', ['-vV'], { encoding: 'utf8' })
  return /^host: (.+)$/m.exec(stdout ?? '')?.[1] ?? 'x86_64-unknown-linux-gnu'
}
