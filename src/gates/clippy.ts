import { compile, messageFormat } from './compile.ts'
import { type CompilingOptions, countOf } from './gate.ts'
import type { Verdict } from './verdict.ts'
import { readWorkspace } from './workspace.ts'

/** `deny` fails for every warning; `warn` reports, and lets everything through. */
export type ClippyOptions = CompilingOptions & { mode: 'deny' | 'warn' }

/**
 * Warnings are counted here instead of being turned into errors. With `-D warnings` the first crate that has one is not
 * finished, so nothing is said of the crates that use it; RUSTFLAGS would replace the project's own and compile every
 * dependency anew; CARGO_BUILD_WARNINGS, of cargo 1.97 and later, denies nothing when the messages are JSON. The count is
 * the same for every toolchain.
 */
export async function clippyGate(options: ClippyOptions): Promise<Verdict> {
  const workspace = await readWorkspace(options)
  const { succeeded, tally } = await compile(
    { ...options, explain: async (failure) => withoutClippy(failure.stderr) ?? options.explain(failure) },
    workspace,
    clippyArguments(options),
  )
  const { counts, findings } = tally
  const passed = options.mode === 'warn' || (succeeded && counts.warnings === 0)
  return { gate: 'clippy', passed, counts, said: saidOf(counts, options.mode), findings }
}

type Selected = Pick<ClippyOptions, 'featureArguments' | 'extraArguments' | 'colour'>

export function clippyArguments({ featureArguments, extraArguments, colour }: Selected): string[] {
  return [
    'clippy',
    ...['--workspace', '--all-targets', '--locked', '--offline'],
    // A crate that does not compile must not hide what is wrong in the others.
    '--keep-going',
    ...featureArguments,
    ...messageFormat(colour),
    ...extraArguments,
  ]
}

function saidOf({ errors, warnings }: Verdict['counts'], mode: ClippyOptions['mode']): string {
  if (errors === 0 && warnings === 0) return 'clippy has nothing to say.'
  const counted = [
    ...(errors > 0 ? [countOf(errors, 'error')] : []),
    ...(warnings > 0 ? [countOf(warnings, 'warning')] : []),
  ].join(' and ')
  if (mode === 'warn') return `clippy found ${counted}, and \`clippy:warn\` only reports them.`
  return errors > 0 ? `clippy found ${counted}.` : `clippy found ${counted}, and warnings are denied.`
}

function withoutClippy(stderr: string): string | undefined {
  if (!/'cargo-clippy(\.exe)?' is not installed|no such command: `clippy`/.test(stderr)) return undefined
  return 'clippy is not installed for this toolchain: run `rustup component add clippy`, or name it under `components` in rust-toolchain.toml.'
}
