import { execFileSync } from 'node:child_process'
import { type Github, startGithub } from '../__tests__/lab/github/github.ts'
import { Ground } from './build/ground.ts'
import { besideCargo, type Run } from './build/measured.ts'
import { runOurs } from './build/ours.ts'
import { Plain } from './build/plain.ts'
import { median, type Row } from './measure.ts'

/** Each begins with empty caches. Another one is begun only if it can end in time. */
const ROUNDS = 3
const WARM_RUNS = 2
const LIMIT_SECONDS = 14 * 60

type Side = 'ours' | 'plain'
type Runs = Record<Side, Run[]>

/**
 * A service with eighty dependencies, built by the action and by the same commands written into a workflow by hand with
 * the usual cache of `target` and cargo's home: from nothing, and again on a new machine with one file changed.
 */
export async function build(): Promise<Row[]> {
  using ground = new Ground()
  const target = hostTriple()
  const plain = new Plain(ground)
  await plain.prepare()
  ground.download(target)
  const run: Record<Side, (github: Github) => Promise<Run>> = {
    ours: (github) => runOurs(ground, github, target),
    plain: (github) => plain.run(github, target),
  }
  const sides: readonly Side[] = ['ours', 'plain']
  const cold: Runs = { ours: [], plain: [] }
  const warm: Runs = { ours: [], plain: [] }
  const began = performance.now()
  const seconds = () => (performance.now() - began) / 1000
  for (let round = 0; round < ROUNDS && (seconds() / Math.max(round, 1)) * (round + 1) < LIMIT_SECONDS; round++) {
    await using github = await startGithub()
    for (const side of sides) {
      ground.newMachine('unchanged')
      ground.giveDownloads()
      cold[side].push(told(side, 'cold', await run[side](github)))
    }
    for (let again = 0; again < WARM_RUNS; again++) {
      for (const side of sides) {
        ground.newMachine('one file changed')
        warm[side].push(told(side, 'warm', await run[side](github)))
      }
    }
  }
  return rowsOf(cold, warm)
}

function rowsOf(cold: Runs, warm: Runs): Row[] {
  const of = (runs: readonly Run[], value: (run: Run) => number) => median(runs.map(value))
  const compare = (what: string, value: (side: Side) => number, show: (value: number, side: Side) => string): Row => ({
    what,
    ours: show(value('ours'), 'ours'),
    theirs: show(value('plain'), 'plain'),
    ratio: value('ours') / value('plain'),
    goal: '',
    met: true,
  })
  const withGoal = (row: Row, most: number, goal: string): Row => ({ ...row, goal, met: row.ratio <= most })
  const inSeconds = (value: number) => `${value.toFixed(1)} s`
  const inMegabytes = (value: number) => `${(value / 1e6).toFixed(1)} MB`
  const freshOf = ({ fresh, compiled }: Run['cargo']) => fresh / (fresh + compiled)
  const countOf = (side: Side) => {
    const { fresh, compiled } = leastFresh(warm[side]).cargo
    return `${fresh} of ${fresh + compiled} units of dependencies fresh`
  }
  const faster = (side: Side): Row => ({
    what: side === 'ours' ? 'warm against cold' : 'the same of the plain commands',
    ours: `${inSeconds(of(warm[side], (run) => run.seconds))} warm`,
    theirs: `${inSeconds(of(cold[side], (run) => run.seconds))} cold`,
    ratio: of(warm[side], (run) => run.seconds) / of(cold[side], (run) => run.seconds),
    goal: '',
    met: true,
  })
  const added = of(warm.ours, (run) => run.ownSeconds)
  const cargo = of(warm.ours, (run) => run.cargo.seconds)
  return [
    compare(
      `cold, median of ${cold.ours.length}`,
      (side) => of(cold[side], (run) => run.seconds),
      (value, side) => `${inSeconds(value)}, ${cold[side][0]?.cargo.compiled} units of dependencies compiled`,
    ),
    compare(
      `warm, one file changed, median of ${warm.ours.length}`,
      (side) => of(warm[side], (run) => run.seconds),
      (value, side) => `${inSeconds(value)}, ${countOf(side)}`,
    ),
    withGoal(faster('ours'), 1 / 7, '≤ 0.14 (7 times faster)'),
    faster('plain'),
    {
      ...compare(
        'dependencies that a warm run does not compile, at least',
        (side) => freshOf(leastFresh(warm[side]).cargo),
        (value) => `${(value * 100).toFixed(1)} %`,
      ),
      goal: '100 %',
      met: freshOf(leastFresh(warm.ours).cargo) === 1,
    },
    withGoal(
      compare('archives', (side) => of(cold[side], (run) => run.savedBytes), inMegabytes),
      0.35,
      '≤ 0.35',
    ),
    compare('restoring, warm', (side) => of(warm[side], (run) => run.restoreSeconds), inSeconds),
    compare('saving, cold', (side) => of(cold[side], (run) => run.saveSeconds), inSeconds),
    withGoal(
      compare('all that is not cargo, warm', (side) => of(warm[side], besideCargo), inSeconds),
      0.4,
      '≤ 0.4',
    ),
    {
      what: 'of that what the action adds beside its caches, against cargo',
      ours: inSeconds(added),
      theirs: `${inSeconds(cargo)} (cargo, warm)`,
      ratio: added / cargo,
      goal: '≤ 2 s',
      met: added <= 2,
    },
  ]
}

function leastFresh([first, ...others]: readonly Run[]): Run {
  if (first === undefined) throw new Error('nothing was measured')
  return others.reduce((least, run) => (run.cargo.compiled > least.cargo.compiled ? run : least), first)
}

function told(side: Side, kind: string, run: Run): Run {
  const { seconds, cargo, restoreSeconds, saveSeconds } = run
  const parts = `cargo ${cargo.seconds.toFixed(1)} s, restore ${restoreSeconds.toFixed(1)} s, save ${saveSeconds.toFixed(1)} s`
  console.log(
    `  ${side}, ${kind}: ${seconds.toFixed(1)} s (${parts}), ${cargo.compiled} compiled, ${cargo.fresh} fresh`,
  )
  return run
}

function hostTriple(): string {
  const said = execFileSync('rustc', ['-vV'], { encoding: 'utf8' })
  const [, host] = /^host: (\S+)$/m.exec(said) ?? []
  if (host === undefined) throw new Error('rustc does not say for which machine it is')
  return host
}
