import { execFileSync } from 'node:child_process'

/** Fails when a folder holds files that git does not know: `git diff` is silent about them. */
const folder = process.argv[2] ?? '.'
const untracked = execFileSync('git', ['ls-files', '--others', '--', folder], { encoding: 'utf8' }).trim()
if (untracked !== '') {
  console.error(`not committed:\n${untracked}`)
  process.exit(1)
}
