import { compile, messageFormat, targetArguments } from './compile.ts'
import { type CompilingOptions, countOf } from './gate.ts'
import { runNextest } from './nextest.ts'
import type { Tally } from './tally.ts'
import { runTests } from './test-run.ts'
import { type Told, together } from './told.ts'
import type { Verdict } from './verdict.ts'

export type TestOptions = CompilingOptions & {
  runner: 'cargo' | 'nextest'
  /** A folder of ours, for what nextest reads and writes. */
  scratch: string
}

/**
 * Two calls: one compiles, and its messages are JSON; one runs what was compiled. In one call the output of the tests
 * would come in the same stream as cargo's messages, and a test can print what looks like one. The programs are run by
 * cargo and not by us, because tests rely on the environment, the folder and the `runner` that cargo gives them.
 */
export async function testGate(options: TestOptions): Promise<Verdict> {
  // cargo cannot compile the examples in documentation without running them.
  if (!cargoPart(options.extraArguments).includes('--doc')) {
    const { succeeded, tally } = await compile(options, compileArguments(options))
    if (!succeeded) return notCompiled(tally)
  }
  if (options.runner === 'cargo') return verdictOf(await runTests(options, testArguments(options)))

  const { junit, ...told } = await runNextest(options)
  const hasDoctests = options.workspace.targets.some((target) => target.hasDoctests)
  const all = hasDoctests ? together(told, await runTests(options, doctestArguments(options))) : told
  return { ...verdictOf(all), ...(junit !== undefined && { junit }) }
}

type Selected = Pick<TestOptions, 'featureArguments' | 'extraArguments' | 'target' | 'colour' | 'runner' | 'onReason'>

function selection({ featureArguments, target }: Pick<Selected, 'featureArguments' | 'target'>): string[] {
  return [
    ...['--workspace', '--no-fail-fast', '--locked', '--offline'],
    ...targetArguments(target),
    ...featureArguments,
  ]
}

export function compileArguments(options: Selected): string[] {
  // nextest has arguments of its own; what it will run is compiled all the same.
  const extra = options.runner === 'cargo' ? cargoPart(options.extraArguments) : []
  return ['test', '--no-run', ...selection(options), ...messageFormat(options), ...extra]
}

export function testArguments(options: Selected): string[] {
  return ['test', ...selection(options), ...options.extraArguments]
}

export function doctestArguments(options: Selected): string[] {
  return ['test', '--doc', ...selection(options)]
}

/** What comes before a `--`: the rest is for the test programs. */
function cargoPart(args: readonly string[]): readonly string[] {
  const end = args.indexOf('--')
  return end < 0 ? args : args.slice(0, end)
}

function notCompiled({ counts, findings }: Tally): Verdict {
  return {
    gate: 'test',
    passed: false,
    counts: { errors: counts.errors, warnings: 0 },
    said: `The tests do not compile: ${countOf(counts.errors, 'error')}.`,
    // Warnings are clippy's matter.
    findings: findings.filter(({ level }) => level === 'error'),
  }
}

function verdictOf({ passed, tests, died, findings }: Told): Verdict {
  const warnings = findings.filter(({ level }) => level === 'warning').length
  const errors = passed ? 0 : Math.max(tests.failed + died, findings.length - warnings, 1)
  return { gate: 'test', passed, counts: { errors, warnings }, said: saidOf({ passed, tests, died }), findings }
}

function saidOf({ passed, tests, died }: Omit<Told, 'findings'>): string {
  const ignored = tests.ignored > 0 ? [`${tests.ignored} ignored`] : []
  if (passed) {
    if (tests.passed + tests.ignored === 0) return 'There was no test to run.'
    return `${[`${countOf(tests.passed, 'test')} passed`, ...ignored].join(', ')}.`
  }
  if (tests.failed + died === 0) return 'The tests failed; only their output in the log says why.'
  const failed = tests.failed > 0 ? [`${countOf(tests.failed, 'test')} failed`] : []
  const ended = died > 0 ? [`${countOf(died, 'test program')} failed without naming a test`] : []
  return `${[...failed, ...ended, `${tests.passed} passed`, ...ignored].join(', ')}.`
}
