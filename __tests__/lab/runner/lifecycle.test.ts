import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { beforeEach, describe, expect, test } from 'vitest'
import { ownedFolder, runningFolder } from '../ground/folders.ts'
import { need } from '../ground/need.ts'
import { isAlive, type ProcessId, processId } from '../ground/owner.ts'
import { RUNNER_TIMES } from './action-process.ts'
import { fixtureAction, printing, runOnce } from './fixture-action.ts'
import { runnerPart } from './part.ts'
import { startRunner } from './runner.ts'

beforeEach((context) => need(context, 'runner', runnerPart.whyNot()))

const SHORT = { interrupt: 200, terminate: 200, drain: 200 }
const whyNoOrphans = process.platform === 'linux' ? undefined : 'processes are found through /proc'

describe('endings', () => {
  test('an exit code other than 0 is a failure', async () => {
    const { outcome, exitCode, signal } = await runOnce('process.exitCode = 7')
    expect({ outcome, exitCode, signal }).toEqual({ outcome: 'failure', exitCode: 7, signal: undefined })
  })

  test('death by a signal is a failure', async () => {
    const { outcome, exitCode, signal } = await runOnce(`process.kill(process.pid, 'SIGKILL')`)
    expect({ outcome, exitCode, signal }).toEqual({ outcome: 'failure', exitCode: 137, signal: 'SIGKILL' })
  })

  test('an uncaught exception is a failure with its stack in the log', async () => {
    const { outcome, log } = await runOnce(`throw new Error('unforeseen')`)
    expect(outcome).toBe('failure')
    expect(log.join('\n')).toContain('Error: unforeseen\n    at ')
  })

  test('an error annotation alone is no failure', async () => {
    expect((await runOnce(printing('::error::x'))).outcome).toBe('success')
  })

  test('a grandchild that keeps the pipes open holds the step up for so long and no longer', async () => {
    await using action = fixtureAction({
      main: `
        import { spawn } from 'node:child_process'
        spawn('sleep', ['600'], { stdio: 'inherit', detached: true }).unref()
        console.log('done')`,
    })
    await using runner = await startRunner({ action: action.folder, times: SHORT })
    const { outcome, log } = await runner.runStep().done
    expect(outcome).toBe('success')
    expect(log).toContain('done')
  })

  test('a step that takes longer than its timeout-minutes fails', async () => {
    const { outcome, annotations } = await runOnce('setInterval(() => {}, 1000)', { timeoutMs: 300 })
    expect(outcome).toBe('failure')
    expect(annotations).toEqual([{ type: 'error', message: "The action 'Run ./' has timed out after 0.005 minutes." }])
  })
})

describe('post', () => {
  test('runs with the same inputs and the state of its main; its outputs reach nobody', async () => {
    await using action = fixtureAction({
      main: `
        import { appendFileSync } from 'node:fs'
        appendFileSync(process.env.GITHUB_STATE, 'held=lock 1\\n')
        appendFileSync(process.env.GITHUB_ENV, 'EXPORTED=yes\\n')`,
      post: `
        import { appendFileSync } from 'node:fs'
        const { STATE_held, INPUT_NAME, EXPORTED, OWN } = process.env
        console.log(JSON.stringify({ STATE_held, INPUT_NAME, EXPORTED, OWN }))
        appendFileSync(process.env.GITHUB_OUTPUT, 'late=1\\n')
        appendFileSync(process.env.GITHUB_STEP_SUMMARY, 'released')`,
      inputs: '  name:\n    default: none',
    })
    await using runner = await startRunner({ action: action.folder })
    const step = runner.runStep({ inputs: { name: 'api' }, env: { OWN: 'mine' } })
    expect((await step.done).state).toEqual({ held: 'lock 1' })
    const post = await runner.runPost(step).done
    expect(post.log).toEqual([
      'Post job cleanup.',
      JSON.stringify({ STATE_held: 'lock 1', INPUT_NAME: 'api', EXPORTED: 'yes', OWN: 'mine' }),
    ])
    expect(post.outputs).toEqual({})
    expect(post.summary).toBe('released\n')
    expect(() => runner.runPost(step)).toThrow('no post to run')
  })

  test('runs after a failed main, and after one whose script is missing', async () => {
    await using action = fixtureAction({ main: 'process.exit(1)', post: printing('cleaned up') })
    await using runner = await startRunner({ action: action.folder })
    const step = runner.runStep()
    expect((await step.done).outcome).toBe('failure')
    expect(runner.status).toBe('failure')
    expect((await runner.runPost(step).done).log).toContain('cleaned up')

    await using noMain = fixtureAction({ main: '', post: printing('cleaned up') })
    await using other = await startRunner({ action: noMain.folder })
    rmSync(join(noMain.folder, 'dist/main.js'))
    const { outcome, exitCode, annotations } = await other.runStep().done
    expect({ outcome, exitCode }).toEqual({ outcome: 'failure', exitCode: undefined })
    expect(annotations[0]?.message).toMatch(/^File not found: /)
    expect((await other.runPosts()).map((post) => post.outcome)).toEqual(['success'])
  })

  test('of several steps runs last first, each with its own state and masks of all', async () => {
    const store = `import { appendFileSync } from 'node:fs'
      console.log('::add-mask::hidden-' + process.env.INPUT_N)
      appendFileSync(process.env.GITHUB_STATE, 'n=' + process.env.INPUT_N + '\\n')`
    await using action = fixtureAction({
      main: store,
      post: `console.log('post ' + process.env.STATE_n + ' hidden-1 hidden-2')`,
      inputs: '  n: {}',
    })
    await using runner = await startRunner({ action: action.folder })
    const first = runner.runStep({ inputs: { n: '1' }, id: 'first' })
    await first.done
    const second = runner.runStep({ inputs: { n: '2' }, id: 'second' })
    expect(() => runner.runPost(second)).toThrow('step second is still running')
    await second.done
    expect(() => runner.runPost(first)).toThrow('posts run last first: the next one is that of second, not first')
    const posts = await runner.runPosts()
    expect(posts.map(({ log }) => log.at(-1))).toEqual(['post 2 *** ***', 'post 1 *** ***'])
    expect(await runner.runPosts()).toEqual([])
  })

  test('is skipped where its post-if says so', async () => {
    await using action = fixtureAction({ main: '', post: printing('never'), postIf: 'failure()' })
    await using runner = await startRunner({ action: action.folder })
    const step = runner.runStep()
    await step.done
    const post = runner.runPost(step)
    expect(await post.done).toMatchObject({ outcome: 'skipped', exitCode: undefined, log: [] })
    await expect(post.said('never')).rejects.toThrow('skipped')
  })

  test('without one in action.yml there is none to run', async () => {
    await using action = fixtureAction({ main: '' })
    await using runner = await startRunner({ action: action.folder })
    const step = runner.runStep()
    await step.done
    expect(() => runner.runPost(step)).toThrow('no post to run')
    expect(await runner.runPosts()).toEqual([])
  })
})

describe('cancelling', () => {
  test('a step that ends at SIGINT is cancelled, whatever its exit code, and its files are read', async () => {
    await using action = fixtureAction({
      main: `
        import { appendFileSync } from 'node:fs'
        process.on('SIGINT', () => {
          console.log('tidying up')
          appendFileSync(process.env.GITHUB_OUTPUT, 'status=cancelled')
          process.exit(0)
        })
        process.on('SIGTERM', () => console.log('too late'))
        setInterval(() => {}, 1000)
        console.log('ready')`,
      post: `console.log('posted'); process.exit(1)`,
    })
    await using runner = await startRunner({ action: action.folder })
    const step = runner.runStep()
    await step.said('ready')
    await step.cancel()
    const { outcome, exitCode, outputs, annotations, log } = await step.done
    expect({ outcome, exitCode, outputs }).toEqual({
      outcome: 'cancelled',
      exitCode: 0,
      outputs: { status: 'cancelled' },
    })
    expect(annotations).toEqual([{ type: 'error', message: 'The operation was canceled.' }])
    expect(log).toContain('tidying up')
    expect(log).not.toContain('too late')
    expect(runner.status).toBe('cancelled')
    const posts = await runner.runPosts()
    expect(posts.map(({ outcome, log: said }) => [outcome, said.at(-1)])).toEqual([['failure', 'posted']])
    expect(runner.status).toBe('cancelled')
  })

  test('one that ignores SIGINT is asked by SIGTERM', async () => {
    await using action = fixtureAction({
      main: `
        process.on('SIGINT', () => console.log('ignored'))
        setInterval(() => {}, 1000)
        console.log('ready')`,
    })
    await using runner = await startRunner({ action: action.folder, times: SHORT })
    const step = runner.runStep()
    await step.said('ready')
    await step.cancel()
    expect(await step.done).toMatchObject({ outcome: 'cancelled', signal: 'SIGTERM', exitCode: 143 })
  })

  test('one that ignores both is killed, and only it: its child is left for the end of the job', async (context) => {
    need(context, 'search for orphans', whyNoOrphans)
    await using action = fixtureAction({
      main: `
        import { spawn } from 'node:child_process'
        process.on('SIGINT', () => console.log('no'))
        process.on('SIGTERM', () => console.log('never'))
        const child = spawn('sleep', ['600'], { stdio: 'ignore' })
        setInterval(() => {}, 1000)
        console.log('child ' + child.pid + ' is ready')`,
    })
    // Long enough for the handlers to speak on a busy machine.
    await using runner = await startRunner({ action: action.folder, times: { interrupt: 1500, terminate: 1500 } })
    const step = runner.runStep()
    await step.said('is ready')
    const cancelled = step.cancel()
    await step.cancel()
    await cancelled
    const { outcome, signal, log } = await step.done
    expect({ outcome, signal }).toEqual({ outcome: 'cancelled', signal: 'SIGKILL' })
    expect(log).toContain('no')
    expect(log).toContain('never')
    const child = alive(log)
    expect(await runner.endOrphans()).toEqual([{ process: child, command: 'sleep' }])
    expect(isAlive(child)).toBe(false)
  })

  test('a step that is over cannot be cancelled any more', async () => {
    await using action = fixtureAction({ main: '' })
    await using runner = await startRunner({ action: action.folder })
    const step = runner.runStep()
    await step.done
    await step.cancel()
    expect(runner.status).toBe('success')
    await expect(step.said('anything')).rejects.toThrow('never said "anything"')
  })
})

describe('what is left', () => {
  const FORKING = `
    import { spawn } from 'node:child_process'
    const child = spawn('sh', ['-c', 'sleep 600 & wait'], { stdio: 'ignore', detached: true })
    child.unref()
    console.log('child ' + child.pid + ' is ready')`

  test('a detached grandchild is ended with the job', async (context) => {
    need(context, 'search for orphans', whyNoOrphans)
    await using action = fixtureAction({ main: FORKING })
    const runner = await startRunner({ action: action.folder })
    const { log } = await runner.runStep().done
    const child = alive(log)
    await runner[Symbol.asyncDispose]()
    expect(isAlive(child)).toBe(false)
    expect(existsSync(runner.temp)).toBe(false)
  })

  test('two jobs end only their own', async (context) => {
    need(context, 'search for orphans', whyNoOrphans)
    await using action = fixtureAction({ main: FORKING })
    await using one = await startRunner({ action: action.folder })
    const child = alive((await one.runStep().done).log)
    await using two = await startRunner({ action: action.folder })
    const other = alive((await two.runStep().done).log)
    const ended = (await two.endOrphans()).map((orphan) => orphan.process.pid)
    expect(ended).toContain(other.pid)
    expect(ended).not.toContain(child.pid)
    expect(isAlive(other)).toBe(false)
    expect(isAlive(child)).toBe(true)
  })

  test('a job that is given up ends its running step', async () => {
    await using action = fixtureAction({ main: `setInterval(() => {}, 1000); console.log('ready')` })
    const runner = await startRunner({ action: action.folder })
    const step = runner.runStep()
    await step.said('ready')
    await runner[Symbol.asyncDispose]()
    expect(await step.done).toMatchObject({ outcome: 'failure', signal: 'SIGKILL' })
  })

  test('after a test was killed with SIGKILL the next runner ends its processes and removes its folder', async (context) => {
    need(context, 'search for orphans', whyNoOrphans)
    await using action = fixtureAction({ main: `${FORKING}\nsetInterval(() => {}, 1000)` })
    const owner = spawn(process.execPath, [join(import.meta.dirname, 'abandoned-runner.ts'), action.folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const said: string[] = []
    for await (const line of createInterface(owner.stdout)) if (said.push(line) === 2) break
    const main = processId(Number(said[0]))
    const child = alive(said)
    owner.kill('SIGKILL')
    await once(owner, 'exit')
    expect(main !== undefined && isAlive(main) && isAlive(child)).toBe(true)
    const left = readdirSync(runningFolder()).filter((name) => name.startsWith(`runner-${owner.pid?.toString(36)}`))
    expect(left).toHaveLength(1)

    await using _next = await startRunner({ action: action.folder })
    expect(main !== undefined && isAlive(main)).toBe(false)
    expect(isAlive(child)).toBe(false)
    expect(readdirSync(runningFolder())).not.toContain(left[0])
    expect(readdirSync(ownedFolder())).not.toContain(`${left[0]}.json`)
  })
})

function alive(log: readonly string[]): ProcessId {
  const pid = Number(/child (\d+) is ready/.exec(log.join('\n'))?.[1])
  const known = processId(pid)
  if (known === undefined) throw new Error(`no child is alive:\n${log.join('\n')}`)
  return known
}

test('the times of a cancel are those of the runner', () => {
  expect(RUNNER_TIMES).toMatchObject({ interrupt: 7500, terminate: 2500 })
})
