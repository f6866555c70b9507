import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { runPipeline } from '../../src/pipeline/runner.ts'
import { type Pipeline, type Stage, Step, type StepOptions } from '../../src/pipeline/step.ts'
import type { Display } from '../../src/report/display.ts'
import { Cancelled, Failed } from '../../src/report/ending.ts'
import { plainDisplay } from '../../src/report/plain.ts'

type Case = {
  /** `shown` gives what the display has shown so far. */
  pipeline: (say: (text: string) => void, shown: () => string) => Pipeline
  dryRun?: boolean
  signal?: AbortSignal
  onRunning?: (titles: readonly string[]) => void
}

async function running({ pipeline, dryRun = false, signal = new AbortController().signal, ...listener }: Case) {
  const said: string[] = []
  let shown = ''
  const display = plainDisplay((text) => {
    shown += text
  })
  const end = await runPipeline(
    pipeline(
      (text) => said.push(text),
      () => shown,
    ),
    { display, signal, dryRun, began: Date.now(), ...listener },
  )
  const states = end.records.map(({ name, state, undo }) => `${name} ${state}${undo ? ` undo ${undo}` : ''}`)
  return { end, said, shown, states }
}

const step = <T>(name: string, run: StepOptions<T>['run'], more: Partial<StepOptions<T>> = {}) =>
  new Step<T>({ name, title: name.toUpperCase(), plan: () => [`would ${name}`], run, ...more })

/** Steps that take their time, and the order in which they ended. */
function noting() {
  const order: string[] = []
  const noted = (name: string, milliseconds: number) =>
    step(name, async () => {
      await sleep(milliseconds)
      order.push(name)
    })
  return { order, noted }
}

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
  const { order, noted } = noting()
  const { states } = await running({
    pipeline: () => [
      [[noted('cook', 40), [[noted('test', 40)], [noted('build', 0)]], noted('last', 0)], [noted('fmt', 0)]],
    ],
  })
  expect(order).toEqual(['fmt', 'cook', 'build', 'test', 'last'])
  expect(states).toEqual(['cook done', 'test done', 'build done', 'last done', 'fmt done'])
})

/** For a step that must go on meanwhile: its own end would bring it about. */
async function until(isSo: () => boolean, what: string): Promise<void> {
  for (let turns = 0; turns < 300 && !isSo(); turns++) await sleep(10)
  if (!isSo()) throw new Error(`In vain: ${what}`)
}

const seen = (shown: () => string, text: string) =>
  until(() => shown().includes(text), `"${text}" to be shown while its step runs`)

const withoutTimes = (shown: string) =>
  shown
    .replace(/ \([\d.]+ s\)/g, '')
    .split('\n')
    .slice(0, -1)

test('when the shown lane is over, the next one that still runs is shown, with what it had said, and then live', async () => {
  const { shown, end } = await running({
    pipeline: (_, shown) => {
      const audit = step('audit', async ({ log }) => {
        log.info('audit 1')
        await seen(shown, 'build 2')
        log.info('audit 2')
      })
      const build = step('build', async ({ log }) => {
        log.info('build 1')
        await seen(shown, '> BUILD\n  build 1\n')
        log.info('build 2')
        expect(shown()).toMatch(/ {2}build 2\n$/)
        await until(() => audit.hasRun, 'the audit to end')
        log.info('build 3')
      })
      const next = step('next', async ({ log }) => {
        log.info('next 1')
        expect(shown()).toMatch(/> NEXT\n {2}next 1\n$/)
      })
      const gate = step('gate', async ({ log }) => log.info('gate 1'))
      return [[[gate], [step('short', async () => 0)], [build, next], [audit]]]
    },
  })
  expect(end.failure).toBeUndefined()
  expect(withoutTimes(shown)).toEqual([
    ...['> GATE', '  gate 1', 'ok GATE', '> SHORT', 'ok SHORT'],
    ...['> BUILD', '  build 1', '  build 2', '  build 3', 'ok BUILD'],
    ...['> AUDIT', '  audit 1', '  audit 2', 'ok AUDIT'],
    ...['> NEXT', '  next 1', 'ok NEXT'],
  ])
})

test('so is a lane within the shown lane, and a lane that holds lanes itself', async () => {
  const live = (name: string, shown: () => string) =>
    step(name, async ({ log }) => {
      log.info(`${name} 1`)
      await seen(shown, `> ${name.toUpperCase()}\n  ${name} 1\n`)
    })
  const { shown, end } = await running({
    pipeline: (_, shown) => [
      [
        [[[step('clippy', async () => 0)], [live('build', shown)]], step('pack', async () => 0)],
        [step('cook', async () => 0), [[live('test', shown)], [live('doc', shown)]], step('last', async () => 0)],
      ],
    ],
  })
  expect(end.failure).toBeUndefined()
  expect(withoutTimes(shown)).toEqual([
    ...['> CLIPPY', 'ok CLIPPY', '> COOK', 'ok COOK', '> BUILD', '  build 1', 'ok BUILD', '> PACK', 'ok PACK'],
    ...['> TEST', '  test 1', 'ok TEST', '> DOC', '  doc 1', 'ok DOC', '> LAST', 'ok LAST'],
  ])
})

/** What a made-up step does: that many lines, with a turn of the event loop before each and after the last. */
type Made = { lines: number; applies: boolean } | { lanes: Made[][] }

const { stage: anyStage } = fc.letrec<{ stage: Made; nested: Made }>((tie) => ({
  stage: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc.record({ lines: fc.nat(4), applies: fc.boolean() }),
    tie('nested'),
  ),
  nested: fc.record({
    lanes: fc.array(fc.array(tie('stage'), { maxLength: 3 }), { minLength: 1, maxLength: 4 }),
  }),
}))

test('whatever goes beside what: no lines mix, none is lost, and while something runs, something is shown', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyStage, { minLength: 1, maxLength: 3 }), async (made) => {
      let open: string | undefined
      const shown: string[] = []
      const told: string[] = []
      const show = (title: string, text: string) => {
        expect(title).toBe(open)
        shown.push(text)
      }
      const display: Display = {
        stepStarted: (title) => {
          expect(open).toBeUndefined()
          open = title
        },
        line: (text) => show(text.split(' ')[0] ?? '', text),
        problem: (_, text) => show(text.split(' ')[0] ?? '', text),
        stepEnded: ({ title, state }) => {
          if (state === 'skipped') expect(open).toBeUndefined()
          else show(title, `${title} ended`)
          open = undefined
        },
        close: () => {},
      }
      let steps = 0
      const stageOf = (one: Made): Stage => {
        if ('lanes' in one) return one.lanes.map((lane) => lane.map(stageOf))
        const title = `S${steps++}`
        const run: StepOptions<void>['run'] = async ({ log }) => {
          for (let line = 0; line < one.lines; line++) {
            await turn()
            expect(open).toBeDefined()
            told.push(`${title} ${line}`)
            log.info(`${title} ${line}`)
          }
          await turn()
          expect(open).toBeDefined()
          told.push(`${title} ended`)
        }
        return step(title, run, { applies: () => one.applies || 'not today' })
      }
      const { failure } = await runPipeline(made.map(stageOf), {
        display,
        signal: new AbortController().signal,
        dryRun: false,
        began: Date.now(),
      })
      expect(failure?.error).toBeUndefined()
      expect(shown.toSorted()).toEqual(told.toSorted())
    }),
  )
})

test('all that is running is told at each start and each end', async () => {
  const told: string[] = []
  const { end } = await running({
    onRunning: (titles) => void told.push(titles.join(' ')),
    pipeline: (say) => [
      step('first', async () => 0),
      step('not', async () => 0, { applies: () => 'not today' }),
      [
        [step('clippy', () => sleep(30)), step('test', async () => say('tested'))],
        [step('build', () => sleep(60).then(() => Promise.reject(new Failed('no linker'))))],
      ],
    ],
  })
  expect(end.failure).toMatchObject({ step: 'build' })
  expect(told).toEqual([...['FIRST', '', 'CLIPPY', 'CLIPPY BUILD', 'BUILD', 'BUILD TEST', 'BUILD', '']])
})

test('that nobody can write down what is running is said, and stops nothing', async () => {
  const { states, shown } = await running({
    onRunning: () => {
      throw new Error('the disk is full')
    },
    pipeline: () => [step('a', async () => 0)],
  })
  expect(states).toEqual(['a done'])
  expect(shown).toContain('warning: What is running could not be noted: the disk is full\n')
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
    ...['clippy failed', 'test done', 'build cancelled', 'build-2 not-reached', 'audit done', 'upload not-reached'],
  ])
  expect(end.records.find(({ name }) => name === 'build')?.reason).toBe('"CLIPPY" failed')
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
  const { order, noted } = noting()
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
