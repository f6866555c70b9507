import { stripVTControlCharacters } from 'node:util'
import { runTool } from '../process/tool.ts'
import { Failed } from '../report/ending.ts'
import { FormatOutput } from './fmt-output.ts'
import { countOf, type GateOptions } from './gate.ts'
import type { Verdict } from './verdict.ts'
import type { SourceTarget } from './workspace.ts'

/**
 * What `cargo fmt --all -- --check` judges, with rustfmt called as cargo calls it: `cargo fmt` stops at the first edition
 * with a difference, and its `--all` goes on into path dependencies that belong to other workspaces.
 */
export async function formatGate(options: GateOptions): Promise<Verdict> {
  const { directory, workspace, environment, colour, log, signal } = options
  const output = new FormatOutput(workspace)
  for (const args of formatArguments(workspace.targets, colour)) {
    const { code, stderr } = await runTool({
      file: 'rustfmt',
      args,
      cwd: directory,
      env: environment,
      signal,
      onLine: (line, stream) => {
        log.output(line)
        if (stream === 'stdout') output.takeDifference(line)
        else output.takeComplaint(line)
      },
    })
    const { saidWhy } = output.endOfRun()
    if (code !== 0 && !saidWhy) throw new Failed(whyNot(stderr, code))
  }
  const { counts, findings } = output.tally
  return { gate: 'fmt', passed: counts.errors === 0, counts, said: saidOf(output), findings }
}

export function formatArguments(targets: readonly SourceTarget[], colour: boolean): string[][] {
  const editions = [...new Set(targets.map(({ edition }) => edition))].sort()
  return editions.map((edition) => [
    ...['--check', '--edition', edition, '--color', colour ? 'always' : 'never'],
    // One file can be the start of several targets.
    ...new Set(targets.filter((target) => target.edition === edition).map(({ path }) => path)),
  ])
}

function saidOf({ files, tally, broken }: FormatOutput): string {
  const sentences = [
    files > 0 && `${countOf(files, 'file')} ${files === 1 ? 'is' : 'are'} not formatted: run \`cargo fmt --all\`.`,
    broken > 0 && `rustfmt cannot read the code in ${countOf(broken, 'place')}.`,
  ]
  return tally.counts.errors === 0 ? 'Every file is formatted.' : sentences.filter((each) => each !== false).join(' ')
}

function whyNot(stderr: string, code: number): string {
  if (/'rustfmt(\.exe)?' is not installed/.test(stderr)) {
    return 'rustfmt is not installed for this toolchain: run `rustup component add rustfmt`, or name it under `components` in rust-toolchain.toml.'
  }
  const said = stripVTControlCharacters(stderr).trim().slice(-1000)
  return `rustfmt could not judge the code (exit code ${code}): ${said || 'only its output in the log says why.'}`
}
