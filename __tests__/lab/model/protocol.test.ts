import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { need } from '../ground/need.ts'
import { prepareSpin, readVerdict, type Switches, search, whyNoSpin } from './spin.ts'
import { steps } from './steps.ts'

beforeAll(async () => {
  if (whyNoSpin() === undefined) await prepareSpin()
})

describe('the protocol as it is', () => {
  beforeEach((context) => need(context, 'model', whyNoSpin()))

  test.each<[string, Switches]>([
    ['one run keeps every promise, whichever two faults strike it', { ALONE: true, FAULTS: 2 }],
    ['a run after one that was struck by any fault succeeds, whatever is left of the first', { FAULTS: 1, BEATS: 0 }],
    ['a run after one whose beats and orders come late succeeds', { FAULTS: 0 }],
    [
      'a run that is struck beside a stalled one keeps every promise',
      { FAULTS: 1, BEATS: 0, SECOND: 'TWO', LATE_FAULTS: true },
    ],
  ])('%s', async (_, switches) => {
    const verdict = await search('one-host.pml', switches, '-O2')
    expect(verdict.kind).toBe('proved')
  })

  test('two hosts end alike, or the first confirmation was on its way and the runner says so or is dead', async () => {
    expect(await search('several-hosts.pml')).toMatchObject({ kind: 'proved' })
  })

  test.each<[string, Switches]>([
    ['both runs are confirmed', { SECOND: 'TWO', WANTED: 'said[1]==UNKNOWN&&confirmed[1]&&confirmed[2]' }],
    [
      'the second goes back to what the first has left',
      { SECOND: 'OLD', WANTED: 'confirmed[1]&&confirmed[2]&&current==OLD' },
    ],
    ['the second is rolled back to the first', { SECOND: 'TWO', WANTED: 'confirmed[1]&&rolledback[2]&&running==ONE' }],
    ['a first deploy is rolled back to nothing', { ALONE: true, WANTED: 'rolledback[1]&&current==NONE' }],
    ['all faults strike and the run is confirmed', { ALONE: true, WANTED: 'faults==0&&said[1]==SUCCESS' }],
    ['a guard that cannot start is refused', { ALONE: true, WANTED: '!guardWorks&&said[1]==UNCHANGED&&order[1]==0' }],
  ])('the model can come to this end: %s', async (_, switches) => {
    const verdict = await search('one-host.pml', { FAULTS: 1, BEATS: 0, ...switches })
    expect(verdict).toMatchObject({ kind: 'broken', property: 'what_is_asked_for_never_happens' })
  })
})

const ALONE = { ALONE: true, FAULTS: 1 } as const
const TWO_RUNS = { FAULTS: 0, BEATS: 0 } as const

/** Each rule of the protocol's order: the switch that breaks it, where it shows, and which promise is lost. */
const rules: readonly [rule: string, broken: string, where: Switches, lost: string][] = [
  ['the switch holds the flock from S1 to S10', 'SWAP_WITHOUT_FLOCK', ALONE, 'an_abandoned_run_never_swaps'],
  ['the guard holds it from G2 to G6', 'GUARD_WITHOUT_FLOCK', ALONE, 'confirmed_or_old_is_current'],
  ['confirming holds it from C1 to C7', 'CONFIRM_WITHOUT_FLOCK', TWO_RUNS, 'a_stalled_script_changes_nothing'],
  [
    'a program that swaps holds it when its script has died',
    'CHILD_WITHOUT_FLOCK',
    ALONE,
    'an_abandoned_run_never_swaps',
  ],
  ['the restart is ordered before it is dropped', 'RESTART_AFTER_FLOCK', TWO_RUNS, 'a_stalled_script_changes_nothing'],
  ['prune decides and renames under it', 'PRUNE_WITHOUT_FLOCK', TWO_RUNS, 'a_stalled_script_changes_nothing'],
  ['`next` is set and its unit started under it', 'NEXT_WITHOUT_FLOCK', TWO_RUNS, 'a_stalled_script_changes_nothing'],
  ['armed before swapped', 'SWAP_BEFORE_ARM', ALONE, 'confirmed_or_old_is_current'],
  ['the guard was seen before the swap', 'GUARD_UNSEEN', ALONE, 'confirmed_or_old_is_current'],
  ['the guard is started again after its death', 'GUARD_STAYS_DEAD', ALONE, 'confirmed_or_old_is_current'],
  ['S2 looks at the lease', 'LEASE_UNCHECKED', TWO_RUNS, 'an_abandoned_run_never_swaps'],
  ['nobody begins while something is pending', 'PENDING_UNCHECKED', TWO_RUNS, 'confirmed_or_old_is_current'],
  ['nor takes the lease then', 'LEASE_BESIDE_PENDING', TWO_RUNS, 'the_next_deploy_succeeds'],
  ['a lease runs out', 'LEASE_FOR_EVER', TWO_RUNS, 'every_run_comes_to_its_end'],
  ['only its owner releases it', 'RELEASE_FOR_ANYBODY', TWO_RUNS, 'a_stalled_script_changes_nothing'],
  ['to abandon ends it', 'ABANDON_KEEPS_LEASE', ALONE, 'an_abandoned_run_never_swaps'],
  [
    'taking it syncs what was before',
    'LEASE_UNSYNCED',
    { FAULTS: 1, BEATS: 0, SECOND: 'TWO', LATE_FAULTS: true },
    'a_stalled_script_changes_nothing',
  ],
  ['a beat extends its own deadline', 'BEAT_FOR_ANYBODY', { FAULTS: 0 }, 'a_deadline_is_extended_by_its_owner'],
  ['pending is written once', 'DEADLINE_IN_PENDING', ALONE, 'confirmed_or_old_is_current'],
  ['confirming is one rename', 'CONFIRM_BY_COPY', ALONE, 'never_two_winners'],
  ['confirmed is what was watched', 'CONFIRM_UNWATCHED', ALONE, 'confirmed_or_old_is_current'],
  ['the guard claims before it reverts', 'GUARD_WITHOUT_REVERTING', ALONE, 'confirmed_or_old_is_current'],
  ['it reads pending again under the flock', 'GUARD_CLAIMS_UNREAD', TWO_RUNS, 'the_guard_reverts_only_what_is_due'],
  ['it lifts the start limit', 'GUARD_LEAVES_LIMIT', ALONE, 'confirmed_or_old_runs'],
  ['it is done only after the restart', 'DONE_BEFORE_RESTART', ALONE, 'confirmed_or_old_runs'],
  ['pending is synced before the swap', 'PENDING_UNSYNCED', ALONE, 'confirmed_or_old_is_current'],
  ['the swap is synced before it is confirmed', 'SWAP_UNSYNCED', ALONE, 'confirmed_or_old_is_current'],
  ['a confirmation is synced before it is told', 'CONFIRM_UNSYNCED', ALONE, 'current_is_complete'],
  ['going back is synced before it is done', 'GUARD_UNSYNCED', ALONE, 'confirmed_or_old_is_current'],
  ['a runner syncs before it reads how it ended', 'READS_UNSYNCED', ALONE, 'unchanged_means_untouched'],
  ['and gives its lease back before that', 'SAYS_WITH_LEASE', ALONE, 'unchanged_means_untouched'],
  [
    'a release has its name when it is whole',
    'UPLOAD_IN_PLACE',
    { FAULTS: 1, BEATS: 0, SECOND: 'ONE' },
    'current_is_complete',
  ],
]

const rulesOfMany: typeof rules = [
  ['a host is switched when the one before is healthy', 'ALL_AT_ONCE', {}, 'never_one_without_all_healthy'],
  ['no host is confirmed before the last is healthy', 'CONFIRM_EACH', {}, 'never_one_without_all_healthy'],
  ['a runner reads how it ended', 'SAYS_UNREAD', {}, 'gone_back_means_all_old'],
  ['on every host', 'READS_ONE', {}, 'gone_back_means_all_old'],
]

describe('a rule that is broken loses a promise', () => {
  beforeEach((context) => need(context, 'model', whyNoSpin()))

  test.each(rules)('%s (%s)', async (_, broken, where, lost) => {
    expect(await search('one-host.pml', { ...where, [broken]: true })).toMatchObject({ kind: 'broken', property: lost })
  })

  test.each(rulesOfMany)('several hosts: %s (%s)', async (_, broken, where, lost) => {
    expect(await search('several-hosts.pml', { ...where, [broken]: true })).toMatchObject({
      kind: 'broken',
      property: lost,
    })
  })
})

describe('the model and its reader', () => {
  const source = (model: string) => readFileSync(join(import.meta.dirname, model), 'utf8')
  const labels = new Set([...source('one-host.pml').matchAll(/\b([RSCG]\d+):/g)].map(([, name]) => name ?? ''))

  test('every numbered step is a label of the model, or says why it need not be', () => {
    expect(new Set(steps.map((step) => step.name)).size).toBe(steps.length)
    const modelled = steps.filter((step) => step.notModelled === undefined).map((step) => step.name)
    expect([...labels].sort()).toEqual(modelled.sort())
  })

  test('no switch of the models is without a test', () => {
    const parameters = new Set(['ALONE', 'SECOND', 'WANTED', 'FAULTS', 'BEATS', 'LATE_FAULTS'])
    for (const [model, tested] of [
      ['one-host.pml', rules],
      ['several-hosts.pml', rulesOfMany],
    ] as const) {
      const conditions = source(model).matchAll(/^#(?:ifn?def|if|elif) .*$/gm)
      const named = [...conditions].flatMap(([line]) => line.match(/\b[A-Z][A-Z_]+\b/g) ?? [])
      const switches = new Set(named.filter((name) => !parameters.has(name)))
      expect([...switches].sort()).toEqual(tested.map(([, broken]) => broken).sort())
    }
  })

  const whole = [
    'State-vector 172 byte, depth reached 173, errors: 0',
    '   606098 states, stored',
    '  184.055\ttotal actual memory usage',
    'pan: elapsed time 1.19 seconds',
    '',
  ].join('\n')

  test('a whole search is a proof', () => {
    expect(readVerdict(whole)).toEqual({ kind: 'proved', states: 606098, seconds: 1.19, megabytes: 184.055 })
  })

  test.each([
    'error: max search depth too small',
    'Warning: Search not completed',
    'pan: reached -DMEMLIM bound\npan: out of memory',
    'Bit statespace search for:',
    'pan:1: invalid end state (at depth 3)\nState-vector 80 byte, depth reached 58, errors: 1',
  ])('a search that says "%s" is none', (said) => {
    const lines = said.includes('errors: 1') ? whole.replace('errors: 0', 'errors: 1') : whole
    expect(() => readVerdict(`${said}\n${lines}`)).toThrow('proves nothing')
  })
})
