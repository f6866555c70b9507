import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { placeInRun, runningState } from '../src/state.ts'

test.each([
  [[], 'while no step was running'],
  [['Run clippy'], 'during the step "Run clippy"'],
  [['Run clippy', 'Build hello'], 'during the steps "Run clippy" and "Build hello"'],
  [['Run clippy', 'Build hello', 'Audit'], 'during the steps "Run clippy", "Build hello" and "Audit"'],
])('every step that was running is named: %j', (titles, place) => {
  expect(placeInRun(runningState(titles))).toBe(place)
})

test.each(['Build hello', '{"titles":["Build', '[1]', 'null', '{"titles":{"0":"x"}}', '{}'])(
  'a list that cannot be read names no step: %s',
  (state) => {
    expect(placeInRun(state)).toBe('while no step was running')
  },
)

/** What post says of a run that left this state. */
async function post(state: Readonly<Record<string, string>>): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'rust-deploy-post-'))
  try {
    const summary = join(folder, 'summary.md')
    writeFileSync(summary, '')
    const { stdout } = await promisify(execFile)(process.execPath, [join(import.meta.dirname, '../src/post.ts')], {
      env: { GITHUB_STEP_SUMMARY: summary, ...state },
    })
    const said = stdout.trimEnd().replace(/^::error::/, '')
    expect(readFileSync(summary, 'utf8').trimEnd()).toBe(said === '' ? '' : `### ❌ ${said}`)
    return said
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('post says in one sentence how far a run came that was killed, and nothing of one that reported', async () => {
  const running = runningState(['Run clippy', 'Build hello'])
  expect(await post({ STATE_running: running })).toBe(
    'rust-deploy was killed during the steps "Run clippy" and "Build hello", before it could report. Nothing more is known of what it did.',
  )
  expect(await post({ STATE_running: running, STATE_finished: 'true' })).toBe('')
})

test('post takes a state in which nothing tells what was running', async () => {
  const before = /^rust-deploy was killed before its first step, before it could report\./
  expect(await post({})).toMatch(before)
  expect(await post({ STATE_step: 'Build hello' })).toMatch(before)
})
