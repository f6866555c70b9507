import { runTool } from '../process/tool.ts'
import { Failed } from '../report/ending.ts'
import type { Finding } from '../report/finding.ts'
import { cargoEnvironment } from './compile.ts'
import type { CompilingOptions } from './gate.ts'
import { panicIn } from './panic.ts'
import { shortened } from './tally.ts'
import { TestOutput } from './test-output.ts'
import { type FailedProgram, TestPrograms } from './test-programs.ts'
import type { Told } from './told.ts'
import type { Workspace } from './workspace.ts'

/** Runs `cargo test`. Its exit code decides; what the tests print only says which of them failed, and where. */
export async function runTests(options: CompilingOptions, args: readonly string[]): Promise<Told> {
  const { directory, workspace, log, signal, target } = options
  const output = new TestOutput(workspace)
  const programs = new TestPrograms()
  const { code, stderr } = await runTool({
    file: 'cargo',
    args,
    cwd: directory,
    env: cargoEnvironment(options),
    signal,
    onLine: (line, stream) => {
      log.output(line)
      if (stream === 'stdout') output.take(line)
      else programs.take(line)
    },
  })
  if (code === 0) return passed(output)
  if (target !== undefined && /could not execute process .*\(never executed\)/.test(stderr)) {
    throw new Failed(cannotRun(target))
  }
  const failures = output.failures
  const deaths = deathsOf(programs.failed, output.failedPrograms, workspace)
  if (failures.length + deaths.length === 0) throw new Failed(await options.explain({ said: 'cargo test', stderr }))
  return { passed: false, tests: output.counts, died: deaths.length, findings: [...failures, ...deaths] }
}

function passed(output: TestOutput): Told {
  const warning: Finding = {
    level: 'warning',
    title: 'Tests without a result',
    message:
      'A test program ended well, but told no result, so the rest of its tests may not have run: does one of them call `std::process::exit`?',
  }
  const { passed: count, ignored } = output.counts
  return {
    passed: true,
    tests: { passed: count, failed: 0, ignored },
    died: 0,
    findings: output.unfinished > 0 ? [warning] : [],
  }
}

/** Programs that a signal or an exit of their own ended, and those with a `main` of their own. */
function deathsOf(failed: readonly FailedProgram[], inTests: number, workspace: Workspace): Finding[] {
  const ended = failed.filter(({ end }) => end !== undefined)
  const others = failed.filter(({ end }) => end === undefined)
  // When each of these told its failed tests, there is nothing to add.
  if (others.length <= inTests) return ended.map((program) => deathOf(program, workspace))
  const panicked = others.filter(({ lines }) => panicIn(lines, workspace) !== undefined)
  const silent: FailedProgram[] = panicked.length > 0 ? panicked : others.slice(inTests)
  return [...ended, ...silent].map((program) => deathOf(program, workspace))
}

function deathOf({ rerun, end, lines }: FailedProgram, workspace: Workspace): Finding {
  const panic = panicIn(lines, workspace)
  const said =
    panic?.message ??
    lines
      .filter((line) => line.trim() !== '')
      .slice(-15)
      .join('\n')
  return {
    level: 'error',
    title: `Test program ${rerun} failed`,
    message: [
      end === undefined ? 'It failed without naming a test.' : `It ended before it could tell its results (${end}).`,
      ...(said === '' ? [] : [shortened(said, 20)]),
      `Run it alone: cargo test ${rerun}`,
    ].join('\n'),
    ...(panic?.place && { place: panic.place }),
  }
}

function cannotRun(target: string): string {
  const variable = `CARGO_TARGET_${target.toUpperCase().replaceAll('-', '_')}_RUNNER`
  return `The tests were compiled for ${target}, but this machine cannot run such programs: set ${variable} to an emulator (qemu-user), or leave \`test-target\` empty.`
}
