import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Parameters } from '../../../src/servers/protocol/stdin.ts'
import { removeFolder } from '../../remove-folder.ts'
import { need } from '../ground/need.ts'
import { debianPackages, whyNoDebianRoot } from '../ground/packages.ts'
import { Called, hostScript } from './called.ts'

beforeEach((context) => need(context, 'shells', whyNoDebianRoot()))
beforeAll(async () => {
  if (whyNoDebianRoot() === undefined) await debianPackages('busybox', 'dash', 'util-linux')
})

const SCRIPT = hostScript('hold')

let root = ''
const state = (name: string) => join(root, '.rust-deploy', name)
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rust-deploy-hold-'))
  mkdirSync(state(''))
})
afterEach(() => removeFolder(root))

const ANN = { token: 'aaaa', holder: 'octo/hello, run 1', release: '20261121T074700Z-abc-1.1' }
const BEN = { token: 'bbbb', holder: 'a laptop', release: '20261121T074800Z-abc-2.1' }

function hold(who: Parameters, more: Parameters = {}, shell = '/bin/sh'): Called {
  return new Called(SCRIPT, { root, wait: '0', lease: '30', window: '60', ...who, ...more }, shell)
}

const lease = () => readFileSync(state('lease'), 'utf8').split('\n')
const uptime = () => Math.floor(Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]))
const bootId = () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()

describe.each(['dash', 'bash --posix', 'busybox sh'])('by %s', (shell) => {
  test('a lease is taken, extended and given back, and names its holder', async () => {
    await using ann = hold(ANN, {}, shell)
    expect(await ann.heard('held')).toEqual({ event: 'held' })
    const [token, holder, boot, deadline, since, release] = lease()
    expect([token, holder, boot, release]).toEqual([ANN.token, ANN.holder, bootId(), ANN.release])
    expect(since).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)

    writeFileSync(
      state('lease'),
      lease()
        .with(3, String(uptime() + 5))
        .join('\n'),
    )
    ann.say('beat\n')
    await ann.heard('did')
    expect(Number(lease()[3])).toBeGreaterThanOrEqual(Number(deadline))

    ann.say('release\n')
    expect(await ann.ended).toMatchObject({ kind: 'done', said: '' })
    expect(existsSync(state('lease'))).toBe(false)
    expect(existsSync(state('lock'))).toBe(true)
  })

  test('who comes second is told who is first, and waits as long as it may', async () => {
    await using ann = hold(ANN)
    await ann.heard('held')
    expect(await hold(BEN, {}, shell).ended).toMatchObject({
      kind: 'refused',
      code: 'busy',
      refusal: { holder: ANN.holder, release: ANN.release, waited: '0' },
    })
    await using ben = hold(BEN, { wait: '600' }, shell)
    expect(await ben.heard('waiting')).toMatchObject({ for: `lease ${ANN.token}`, holder: ANN.holder })
    ann.say('release\n')
    expect(await ben.heard('held')).toEqual({ event: 'held' })
    expect(lease()[0]).toBe(BEN.token)
  })
})

test('a runner that is gone leaves a lease that runs out', async () => {
  await using ann = hold(ANN, { lease: '2' })
  await ann.heard('held')
  ann.kill()
  await ann.ended
  expect(lease()[0]).toBe(ANN.token)
  await using ben = hold(BEN, { wait: '600' })
  expect(await ben.heard('held')).toEqual({ event: 'held' })
})

test('a lease of before a reboot, and one that nobody can read, bind nobody', async () => {
  for (const left of [
    `${ANN.token}\n${ANN.holder}\n00000000-0000-0000-0000-000000000000\n99999999\nthen\nx\n`,
    `${ANN.token}\n${ANN.holder}\n${bootId()}\nnever; touch ${root}/pwned\nthen\nx\n`,
    '',
  ]) {
    writeFileSync(state('lease'), left)
    await using ben = hold(BEN)
    expect(await ben.heard('held')).toEqual({ event: 'held' })
    ben.say('release\n')
    expect(await ben.ended).toMatchObject({ kind: 'done' })
  }
  expect(existsSync(join(root, 'pwned'))).toBe(false)
})

test('of many at once exactly one holds it', async () => {
  const all = Array.from({ length: 12 }, (_, index) => hold({ ...ANN, token: `t${index}` }))
  await using stack = new AsyncDisposableStack()
  for (const each of all) stack.use(each)
  const first = await Promise.all(all.map((each) => each.heard('held')))
  const held = first.flatMap((heard, index) => ('event' in heard ? [`t${index}`] : []))
  expect(held).toEqual([lease()[0]])
  expect(first.filter((heard) => 'kind' in heard && heard.kind === 'refused')).toHaveLength(11)
})

test('who has lost the lease changes nothing any more', async () => {
  await using ann = hold(ANN)
  await ann.heard('held')
  const others = lease().with(0, BEN.token).join('\n')
  writeFileSync(state('lease'), others)
  writeFileSync(state('pending'), `${BEN.release}\n${bootId()}\n\n${BEN.token}\n`)
  ann.say('abandon\n')
  expect(await ann.ended).toMatchObject({
    kind: 'failed',
    events: expect.arrayContaining([{ event: 'lost', holder: ANN.holder }]),
  })
  expect([readFileSync(state('lease'), 'utf8'), existsSync(state(`deadline.${ANN.release}`))]).toEqual([others, false])
})

test('beats move the deadline of our own undecided deploy, and abandoning it ends its time', async () => {
  await using ann = hold(ANN)
  await ann.heard('held')
  const deadline = () => readFileSync(state(`deadline.${ANN.release}`), 'utf8')
  ann.say('beat\n')
  await ann.heard('did')
  expect(existsSync(state(`deadline.${ANN.release}`))).toBe(false)

  writeFileSync(state('pending'), `${ANN.release}\n${bootId()}\nreleases/old\n${ANN.token}\n`)
  const before = uptime()
  ann.say('beat\n')
  await ann.heard('did', 2)
  expect(Number(deadline())).toBeGreaterThanOrEqual(before + 60)

  // It is somebody else's now.
  const ours = deadline()
  writeFileSync(state('pending'), `${BEN.release}\n${bootId()}\nreleases/old\n${BEN.token}\n`)
  ann.say('beat\n')
  await ann.heard('did', 3)
  expect(deadline()).toBe(ours)

  // What is abandoned has no time left, and nobody holds it: a switch on its way must not begin.
  writeFileSync(state('pending'), `${ANN.release}\n${bootId()}\nreleases/old\n${ANN.token}\n`)
  ann.say('abandon\n')
  expect(await ann.ended).toMatchObject({ kind: 'done', events: expect.arrayContaining([{ event: 'abandoned' }]) })
  expect([deadline(), existsSync(state('lease'))]).toEqual(['0\n', false])
})

test('an undecided deploy is waited for, and a frozen app is left alone', async () => {
  writeFileSync(state('reverting.x'), '')
  expect(await hold(BEN).ended).toMatchObject({ kind: 'refused', code: 'undecided' })
  await using ben = hold(BEN, { wait: '600' })
  await ben.heard('waiting')
  rmSync(state('reverting.x'))
  expect(await ben.heard('held')).toEqual({ event: 'held' })
  ben.say('release\n')
  await ben.ended

  writeFileSync(state('frozen'), 'The database is moved until noon.\n"ask" Ann\n')
  expect(await hold(BEN, { wait: '600' }).ended).toMatchObject({
    kind: 'refused',
    refusal: { code: 'frozen', note: 'The database is moved until noon.\n"ask" Ann' },
  })
})

test('a folder that is not there is a sentence', async () => {
  rmSync(state(''), { recursive: true })
  expect(await hold(ANN).ended).toMatchObject({ kind: 'failed', why: `${state('lock')} cannot be opened` })
})
