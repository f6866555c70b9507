import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { need } from '../ground/need.ts'
import { type Host, startHost, whyNoHosts } from '../host/host.ts'
import { until } from '../host/until.ts'
import { callOn, factsOf, holdLease, prepareForDeploys, putRelease, serving, switchTo } from './deploy-host.ts'

beforeEach((context) => need(context, 'host', whyNoHosts()))

const stack = new AsyncDisposableStack()
afterAll(() => stack.disposeAsync())
let host: Host

const FIRST = '20261121T000000Z-aaa-1.1'
const SECOND = '20261121T000001Z-bbb-2.1'
/** After each of them. */
const firsts: Awaited<ReturnType<typeof factsOf>>[] = []

beforeAll(async () => {
  if (whyNoHosts() !== undefined) return
  host = stack.use(await startHost())
  await prepareForDeploys(host)
  for (const release of [FIRST, SECOND]) {
    await putRelease(host, release)
    await confirmed(release)
    firsts.push(await factsOf(host))
  }
})

let number = 10
const nextId = () => `20261121T0000${number++}Z-ccc-3.1`

async function confirmed(release: string): Promise<void> {
  await holdLease(host, 'token', release)
  const switched = await switchTo(host, { release })
  expect(switched.kind, JSON.stringify(switched)).toBe('done')
  const facts = switched.events.find(({ event }) => event === 'proved')?.['facts'] ?? ''
  const end = await callOn(host, 'confirm', { token: 'token', release, facts })
  expect(end.kind, JSON.stringify(end)).toBe('done')
}

test('the first release, and the next one: each is current, answers and is confirmed', async () => {
  expect(firsts.map(({ current, answer }) => [current, answer])).toEqual([
    [FIRST, FIRST],
    [SECOND, SECOND],
  ])
  expect(firsts.map(({ left }) => left)).toEqual([
    [`confirmed.${FIRST}`],
    [`confirmed.${FIRST}`, `confirmed.${SECOND}`],
  ])
})

test.each([
  ['exits at once', '#!/bin/sh\nexit 3\n', /app is (failed|activating|active).*(exit status 3|result)/],
  ['never answers', '#!/bin/sh\nexec sleep 1000\n', /port 8080 does not answer/],
  [
    'is another version',
    serving('mkdir -p /tmp/old && printf old >/tmp/old/index.html').replace(/-h .*/, '-h /tmp/old'),
    /another version/,
  ],
  ['is gone when it has to prove itself', serving().replace('exec', 'timeout 1'), /healthy, and then|restarted while/],
  ['cannot be run', 'this is no program\n', /app is/],
])('a release that %s is told why, and the old one serves', async (_, program, why) => {
  const release = nextId()
  await putRelease(host, release, program)
  await holdLease(host, 'token', release)
  const end = await switchTo(host, { release, more: { soak: '4' } })
  expect([end.kind, end.kind === 'failed' ? end.why : ''], JSON.stringify(end.events)).toEqual([
    'failed',
    expect.stringMatching(why),
  ])
  expect(end.events.find(({ event }) => event === 'rolled-back')).toMatchObject({
    to: `releases/${SECOND}`,
    health: 'good',
  })
  const { current, answer, left } = await factsOf(host)
  expect([current, answer]).toEqual([SECOND, SECOND])
  expect(left.filter((name) => name.includes(release))).toEqual([`rolledback.${release}`])
})

test('a runner that dies after the switch: the host goes back by itself', async () => {
  const release = nextId()
  await putRelease(host, release)
  await holdLease(host, 'token', release)
  expect((await switchTo(host, { release, more: { window: '10' } })).kind).toBe('done')
  expect((await factsOf(host)).answer).toBe(release)
  const back = await until('the guard to go back', async () => {
    const facts = await factsOf(host)
    return facts.left.includes(`rolledback.${release}`) && facts
  })
  expect([back.current, back.answer]).toEqual([SECOND, SECOND])
  expect(await callOn(host, 'confirm', { token: 'token', release, facts: '' })).toMatchObject({
    kind: 'failed',
    why: 'the guard was faster: the deploy was undecided for too long',
  })
})

test('without a guard nothing is changed', async () => {
  const release = nextId()
  await putRelease(host, release)
  await holdLease(host, 'token', release)
  await host.run(['systemctl', 'stop', 'rust-deploy-guard@app.path'])
  const end = await switchTo(host, { release })
  await host.run(['systemctl', 'start', 'rust-deploy-guard@app.path'])
  expect(end).toMatchObject({ kind: 'refused', code: 'guard-silent' })
  const { current, answer, left } = await factsOf(host)
  expect([current, answer]).toEqual([SECOND, SECOND])
  expect(left.filter((name) => name.includes(release) || name === 'pending')).toEqual([])
})

test('a guard that is killed again and again goes back all the same', async () => {
  const release = nextId()
  await putRelease(host, release)
  await holdLease(host, 'token', release)
  expect((await switchTo(host, { release, more: { window: '10' } })).kind).toBe('done')
  for (let round = 0; round < 6; round++) {
    await host.exec(['systemctl', 'kill', '--signal=KILL', 'rust-deploy-guard@app.service'])
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
  const back = await until('the guard to go back', async () => {
    const facts = await factsOf(host)
    return facts.left.includes(`rolledback.${release}`) && facts
  })
  expect([back.current, back.answer]).toEqual([SECOND, SECOND])
})

test('a reboot within the window: the old release serves when the host is back', async () => {
  const release = nextId()
  await putRelease(host, release)
  await holdLease(host, 'token', release)
  expect((await switchTo(host, { release, more: { window: '600' } })).kind).toBe('done')
  await host.reboot()
  const back = await until('the guard to go back', async () => {
    const facts = await factsOf(host)
    return facts.left.includes(`rolledback.${release}`) && facts.answer !== '' && facts
  })
  expect([back.current, back.answer]).toEqual([SECOND, SECOND])
})
