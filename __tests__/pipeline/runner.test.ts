import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { runPipeline } from '../../src/pipeline/runner.ts'
import { type Pipeline, Step, type StepOptions } from '../../src/pipeline/step.ts'
import { Cancelled, Failed } from '../../src/report/ending.ts'
import { plainDisplay } from '../../src/report/plain.ts'

type Case = { pipeline: (say: (text: string) => void) => Pipeline; dryRun?: boolean; signal?: AbortSignal }

async function running({ pipeline, dryRun = false, signal = new AbortController().signal }: Case) {
  const said: string[] = []
  let shown = ''
  const display = plainDisplay((text) => {
    shown += text
  })
  const end = await runPipeline(
    pipeline((text) => said.push(text)),
    { display, signal, dryRun, began: Date.now() },
  )
  const states = end.records.map(({ name, state, undo }) => `${name} ${state}${undo ? ` undo ${undo}` : ''}`)
  return { end, said, shown, states }
}

const step = <T>(name: string, run: StepOptions<T>['run'], more: Partial<StepOptions<T>> = {}) =>
  new Step<T>({ name, title: name.toUpperCase(), plan: () => [`would ${name}`], run, ...more })

test('a step reads the result of an earlier one, and not of a later one', async () => {
  const first = step('first', async () => 20)
  const second = step('second', async () => first.result + 22)
  const { states } = await running({ pipeline: () => [first, second] })
  expect([second.result, states]).toEqual([42, ['first done', 'second done']])
  const never = step('never', async () => 1)
  expect(() => never.result).toThrow('The step "never" was asked for its result before it had one.')
})

test('a failure stops what follows and undoes in reverse what was done', async () => {
  const { states, said, end } = await running({
    pipeline: (say) => [
      step('a', async () => 'A', { undo: async (result) => say(`undo ${result}`) }),
      step('b', async () => 'B', { undo: async (result) => say(`undo ${result}`) }),
      step('c', async () => {
        throw new Error('no room')
      }),
      step('d', async () => say('d ran')),
    ],
  })
  expect(said).toEqual(['undo B', 'undo A'])
  expect(states).toEqual(['a done undo done', 'b done undo done', 'c failed', 'd not-reached'])
  expect(end.failure).toMatchObject({ step: 'c', error: { message: 'no room' } })
})

test('an undo that fails is said, and the others are undone all the same', async () => {
  const { states, said, end } = await running({
    pipeline: (say) => [
      step('a', async () => 0, { undo: async () => say('undo a') }),
      step('b', async () => 0, {
        undo: async () => {
          throw new Error('the host is gone')
        },
      }),
      step('c', () => Promise.reject(new Error('x'))),
    ],
  })
  expect(said).toEqual(['undo a'])
  expect(states.slice(0, 2)).toEqual(['a done undo done', 'b done undo failed'])
  expect(end.findings).toEqual([{ level: 'error', title: 'Could not undo: B', message: 'the host is gone' }])
})

test('side by side: the first error is the cause, the others are stopped, their lines do not mix', async () => {
  const { states, end, shown } = await running({
    pipeline: () => [
      [
        [
          step('slow', async ({ signal, log }) => {
            log.info('slow 1')
            await sleep(10_000, undefined, { signal }).catch(() => {
              throw new Cancelled('stopped')
            })
          }),
          step('next', async () => 0),
        ],
        [
          step('bad', async ({ log }) => {
            log.info('bad 1')
            await sleep(30)
            throw new Error('bad news')
          }),
        ],
      ],
      step('after', async () => 0),
    ],
  })
  expect(states).toEqual(['slow cancelled', 'next not-reached', 'bad failed', 'after not-reached'])
  expect(end.failure).toMatchObject({ step: 'bad' })
  expect(shown.indexOf('> BAD')).toBeGreaterThan(shown.indexOf('SLOW: stopped'))
})

test('a lane can hold lanes: what comes before them is waited for, and what comes after sees them all', async () => {
  const order: string[] = []
  const noted = (name: string, milliseconds: number) =>
    step(name, async () => {
      await sleep(milliseconds)
      order.push(name)
    })
  const { states } = await running({
    pipeline: () => [
      [[noted('cook', 40), [[noted('test', 40)], [noted('build', 0)]], noted('last', 0)], [noted('fmt', 0)]],
    ],
  })
  expect(order).toEqual(['fmt', 'cook', 'build', 'test', 'last'])
  expect(states).toEqual(['cook done', 'test done', 'build done', 'last done', 'fmt done'])
})

const untilStopped = (signal: AbortSignal) =>
  sleep(10_000, undefined, { signal }).catch(() => {
    throw new Cancelled('stopped')
  })

test('what is of use only if all goes well is stopped when a gate fails, however deep, and is no failure', async () => {
  const hopeful = { failsLate: true, onlyIfAllGoesWell: true } as const
  const { states, end } = await running({
    pipeline: () => [
      [
        [
          [
            [
              step('clippy', () => Promise.reject(new Failed('2 lints')), { failsLate: true }),
              step('test', async () => 0, { failsLate: true }),
            ],
            [step('build', ({ signal }) => untilStopped(signal), hopeful), step('build-2', async () => 0, hopeful)],
          ],
        ],
        [step('audit', () => sleep(30), { failsLate: true })],
      ],
      step('upload', async () => 0),
    ],
  })
  expect(states).toEqual([
    ...['clippy failed', 'test done', 'build skipped', 'build-2 not-reached', 'audit done', 'upload not-reached'],
  ])
  expect(end.records.find(({ name }) => name === 'build')?.reason).toBe('another step had failed')
  expect(end.failure).toMatchObject({ step: 'clippy', error: { message: '2 lints' } })
})

test('when that fails by itself, the gates go on, and both are told', async () => {
  const { states, end } = await running({
    pipeline: () => [
      [
        [step('test', () => sleep(60).then(() => Promise.reject(new Failed('1 test'))), { failsLate: true })],
        [
          step('build', () => Promise.reject(new Failed('no linker')), { failsLate: true, onlyIfAllGoesWell: true }),
          step('build-2', async () => 0, { failsLate: true, onlyIfAllGoesWell: true }),
        ],
      ],
    ],
  })
  expect(states).toEqual(['test failed', 'build failed', 'build-2 not-reached'])
  expect(end.failure).toMatchObject({ step: 'test, build', error: { message: '1 test\nno linker' } })
})

test('a cancel is a cancel for that as well', async () => {
  const { states, end } = await running({
    signal: AbortSignal.timeout(30),
    pipeline: () => [[[step('build', ({ signal }) => untilStopped(signal), { onlyIfAllGoesWell: true })]]],
  })
  expect([states, end.failure?.error]).toEqual([['build cancelled'], expect.any(Cancelled)])
})

test('lanes go their own way: each in its order, and what follows sees all their results', async () => {
  const order: string[] = []
  const noted = (name: string, milliseconds: number) =>
    step(name, async () => {
      await sleep(milliseconds)
      order.push(name)
    })
  const { states } = await running({
    pipeline: () => [
      [
        [noted('a1', 60), noted('a2', 0)],
        [noted('b1', 0), noted('b2', 0)],
      ],
      noted('c', 0),
    ],
  })
  expect(order).toEqual(['b1', 'b2', 'a1', 'a2', 'c'])
  expect(states).toEqual(['a1 done', 'a2 done', 'b1 done', 'b2 done', 'c done'])
})

test('steps that fail late let the others of their stage run, and all their reasons are told', async () => {
  const failing = (name: string) =>
    step(name, () => Promise.reject(new Failed(`${name} found something.`)), { failsLate: true })
  const { states, end } = await running({
    pipeline: (say) => [
      [[failing('clippy'), step('test', async () => say('tested'))], [failing('fmt')]],
      step('build', async () => 0),
    ],
  })
  expect(states).toEqual(['clippy failed', 'test done', 'fmt failed', 'build not-reached'])
  expect(end.failure?.error).toEqual(new Failed('clippy found something.\nfmt found something.'))
})

test('a fault of ours is not hidden among what the gates found', async () => {
  const { end } = await running({
    pipeline: () => [
      [
        [step('fmt', () => Promise.reject(new Failed('fmt')), { failsLate: true })],
        [step('audit', () => Promise.reject(new TypeError('x is not a function')), { failsLate: true })],
      ],
    ],
  })
  expect(end.failure).toMatchObject({ step: 'audit', error: new TypeError('x is not a function') })
})

test('a cancelled run undoes what was done', async () => {
  const controller = new AbortController()
  const { states, said } = await running({
    signal: controller.signal,
    pipeline: (say) => [
      step('a', async () => 0, { undo: async () => say('undo a') }),
      step('b', async ({ signal }) => {
        controller.abort(new Cancelled('SIGINT'))
        signal.throwIfAborted()
      }),
      step('c', async () => say('c ran')),
    ],
  })
  expect([states, said]).toEqual([['a done undo done', 'b cancelled', 'c not-reached'], ['undo a']])
})

test('a step that does not listen is left alone, and neither do several undos hold a cancelled run', async () => {
  const controller = new AbortController()
  const hangs = () => new Promise<never>(() => {})
  const { states } = await running({
    signal: controller.signal,
    pipeline: () => [
      step('a', async () => 0, { undo: hangs }),
      step('b', async () => 0, { undo: hangs }),
      step('c', () => {
        controller.abort(new Cancelled('SIGINT'))
        return hangs()
      }),
    ],
  })
  expect(states).toEqual(['a done undo failed', 'b done undo failed', 'c cancelled'])
})

test('a step that cannot even say whether it applies fails, and what was done is undone', async () => {
  const { states, said } = await running({
    pipeline: (say) => [
      step('a', async () => 0, { undo: async () => say('undo a') }),
      step('b', async () => 0, {
        applies: () => {
          throw new Error('no idea')
        },
      }),
    ],
  })
  expect([states, said]).toEqual([['a done undo done', 'b failed'], ['undo a']])
})

test('an undo that hangs does not hold a cancelled run', async () => {
  const controller = new AbortController()
  const { states } = await running({
    signal: controller.signal,
    pipeline: () => [
      step('a', async () => 0, { undo: () => new Promise(() => {}) }),
      step('b', async ({ signal }) => {
        controller.abort(new Cancelled('SIGTERM'))
        signal.throwIfAborted()
      }),
    ],
  })
  expect(states).toEqual(['a done undo failed', 'b cancelled'])
})

test('a dry run says what would be done and does nothing', async () => {
  const { states, said, shown } = await running({
    dryRun: true,
    pipeline: (say) => [
      step('a', async () => say('a ran')),
      step('b', async () => say('b ran'), { applies: () => 'no host is set' }),
    ],
  })
  expect([states, said]).toEqual([['a planned', 'b skipped'], []])
  expect(shown).toContain('  would a\n')
  expect(shown).toContain('-- B (skipped: no host is set)')
})
