import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { run } from '../ground/command.ts'

const ACTION = `name: fixture
description: an action of the tests
inputs:
  say: { default: nothing }
outputs:
  plan: { description: JSON }
runs:
  using: node24
  main: dist/main.js
  post: dist/post.js
`

const MAIN = `const { appendFileSync } = require('node:fs')
const { env, stdout, versions } = process
console.log('main says ' + env.INPUT_SAY + ' on node ' + versions.node.split('.')[0])
console.log('environment ' + JSON.stringify({ ...env, terminal: stdout.isTTY === true }))
appendFileSync(env.GITHUB_OUTPUT, 'plan={"builds":[{"name":"api"},{"name":"worker"}],"none":[],"one":["x"]}\\n')
appendFileSync(env.GITHUB_STATE, 'held=' + env.INPUT_SAY + '\\n')
appendFileSync(env.GITHUB_STEP_SUMMARY, '# Planned\\n')
if (env.INPUT_SAY === 'fail') process.exit(3)
`

const POST = `console.log('post remembers ' + process.env.STATE_held)\n`

/** Of a full pinned commit, as real workflows write it. Nothing of it is downloaded. */
const CHECKOUT = 'actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1'

/** Jobs that begin with a checkout and the action of the repository itself. */
export function planJob(say: string): string {
  return `
  plan:
    runs-on: ubuntu-latest
    outputs: { plan: '\${{ steps.plan.outputs.plan }}' }
    steps:
      - uses: ${CHECKOUT}
      - { uses: $/, id: plan, with: { say: ${say} } }`
}

export type FixtureRepository = AsyncDisposable & { folder: string; write(path: string, content: string): void }

/** A repository with an action, and these workflows; nothing of it is committed yet. */
export async function fixtureRepository(workflows: Readonly<Record<string, string>>): Promise<FixtureRepository> {
  const folder = mkdtempSync(join(tmpdir(), 'fixture-repository-'))
  const write = (path: string, content: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  write('action.yml', ACTION)
  write('dist/main.js', MAIN)
  write('dist/post.js', POST)
  for (const [name, content] of Object.entries(workflows)) write(`.github/workflows/${name}.yml`, content)
  await run(['git', 'init', '--quiet', folder])
  return { folder, write, [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true }) }
}
