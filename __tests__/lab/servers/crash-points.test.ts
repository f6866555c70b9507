import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { need } from '../ground/need.ts'
import { type Host, startHost, whyNoHosts } from '../host/host.ts'
import { until } from '../host/until.ts'
import { hostScript } from './called.ts'
import {
  callText,
  factsOf,
  GUARD,
  guardText,
  holdLease,
  prepareForDeploys,
  putRelease,
  switchTo,
} from './deploy-host.ts'

beforeEach((context) => need(context, 'host', whyNoHosts()))

const stack = new AsyncDisposableStack()
afterAll(() => stack.disposeAsync())
let host: Host
/** What serves, confirmed, before each test. */
let old = ''
let made = 0

beforeAll(async () => {
  if (whyNoHosts() !== undefined) return
  host = stack.use(await startHost())
  await prepareForDeploys(host)
  old = await deployed()
})

/** Every numbered step of a script, as it stands in docs/protocol.md. */
function stepsOf(script: string): string[] {
  const text = readFileSync(join(import.meta.dirname, `../../../src/servers/host/${script}.sh`), 'utf8')
  return text.split('\n').flatMap((line) => /# ([SCG]\d+)\b[SCG\d ]*$/.exec(line)?.[1] ?? [])
}

/** The script, with somebody who kills it before that step. */
function dying(text: string, step: string, how = 'kill -9 $$'): string {
  const lines = text.split('\n')
  const at = lines.findIndex((line) => new RegExp(`# ${step}\\b[SCG\\d ]*$`).test(line))
  if (at < 0) throw new Error(`there is no step ${step}`)
  return lines.toSpliced(at, 0, how).join('\n')
}

function nextRelease(): string {
  made += 1
  return `20261121T${String(100_000 + made)}Z-abc-${made}.1`
}

async function ready(): Promise<string> {
  const release = nextRelease()
  await putRelease(host, release)
  await holdLease(host, 'token', release)
  return release
}

const QUICK = { window: '120', soak: '0', timeout: '60' }

/** A whole deploy, which nothing that was left behind may hinder. */
async function deployed(): Promise<string> {
  const release = await ready()
  const switched = await switchTo(host, { release, more: QUICK })
  expect(switched.kind, JSON.stringify(switched)).toBe('done')
  const facts = switched.events.find(({ event }) => event === 'proved')?.['facts'] ?? ''
  const end = await callText(host, hostScript('confirm', 'health'), { token: 'token', release, facts })
  expect(end.kind, JSON.stringify(end)).toBe('done')
  return release
}

/** Nobody decides in time: what a cancelled run writes, too. */
async function timeIsOver(release: string): Promise<void> {
  const script = 'if test -e "$1"; then printf "0\\n" >"$1.new" && mv "$1.new" "$1"; fi'
  await host.run(['sh', '-c', script, 'sh', `/srv/app/.rust-deploy/deadline.${release}`], { user: 'deploy' })
}

/** When nothing is undecided any more: what serves is what is current, and it is one of the two. */
async function settled(release: string): Promise<string> {
  await timeIsOver(release)
  const facts = await until('everything to be decided', async () => {
    const now = await factsOf(host)
    return !now.left.some((name) => /^(pending|reverting)/.test(name)) && now
  })
  expect([old, release]).toContain(facts.current)
  const answer = await until('the service to answer', async () => (await factsOf(host)).answer || undefined)
  expect(answer).toBe(facts.current)
  await host.run(['test', '-f', `/srv/app/releases/${facts.current}/release.json`])
  await host.run(['test', '-f', `/srv/app/releases/${facts.current}/env`])
  return facts.current
}

describe('a switch that is killed', () => {
  test.each(stepsOf('switch'))('before %s', async (step) => {
    const release = await ready()
    const end = await switchTo(host, { release, more: QUICK, script: dying(hostScript('switch', 'health'), step) })
    expect(end.kind).toBe('unknown')
    expect(await settled(release)).toBe(old)
    old = await deployed()
  })
})

describe('a confirmation that is killed', () => {
  test.each(stepsOf('confirm'))('before %s', async (step) => {
    const release = await ready()
    const switched = await switchTo(host, { release, more: QUICK })
    expect(switched.kind, JSON.stringify(switched)).toBe('done')
    const facts = switched.events.find(({ event }) => event === 'proved')?.['facts'] ?? ''
    const end = await callText(host, dying(hostScript('confirm', 'health'), step), { token: 'token', release, facts })
    expect(end.kind).toBe('unknown')
    const isDecided = Number(step.slice(1)) > 4
    expect(await settled(release)).toBe(isDecided ? release : old)
    old = await deployed()
  })
})

describe('a guard that is killed', () => {
  test.each(stepsOf('guard'))('before %s', async (step) => {
    // The one that has seen the last deploy through is to be over: it would take the next one, too.
    const unit = 'rust-deploy-guard@app.service'
    await until(
      'the guard to rest',
      async () => (await host.exec(['systemctl', 'is-active', '--quiet', unit])).code !== 0,
    )
    const once = 'if mkdir "$rd_state/died" 2>/dev/null; then kill -9 $$; fi'
    await host.run(['sh', '-c', 'cat >"$1"', 'sh', GUARD], { input: dying(guardText(), step, once) })
    const release = await ready()
    const switched = await switchTo(host, { release, more: QUICK })
    expect(switched.kind, JSON.stringify(switched)).toBe('done')
    expect(await settled(release)).toBe(old)
    await host.run(['rmdir', '/srv/app/.rust-deploy/died'])
    await host.run(['sh', '-c', 'cat >"$1"', 'sh', GUARD], { input: guardText() })
    old = await deployed()
  })
})

test('every step of the protocol has its number in a script', () => {
  const numbered = (script: string) => stepsOf(script).map((step) => Number(step.slice(1)))
  expect([numbered('switch'), numbered('confirm'), numbered('guard').toSorted((a, b) => a - b)]).toEqual([
    [1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14],
    [1, 2, 3, 4, 5, 6, 7],
    [1, 2, 3, 4, 6, 7, 8, 9, 10, 11],
  ])
})
