import { compile, messageFormat, targetArguments } from './compile.ts'
import { type CompilingOptions, countOf } from './gate.ts'
import type { Verdict } from './verdict.ts'

export type ClippyOptions = CompilingOptions & {
  /** `deny` fails for every warning; `warn` lets through what lints find, but not code that does not compile. */
  mode: 'deny' | 'warn'
  /** Whether this cargo knows `--keep-going`. */
  keepsGoing: boolean
}

/**
 * Warnings are counted here instead of being turned into errors. With `-D warnings` the first crate that has one is not
 * finished, so nothing is said of the crates that use it; RUSTFLAGS would replace the project's own and compile every
 * dependency anew; CARGO_BUILD_WARNINGS, of cargo 1.97 and later, denies nothing when the messages are JSON. The count is
 * the same for every toolchain.
 */
export async function clippyGate(options: ClippyOptions): Promise<Verdict> {
  const { succeeded, tally } = await compile(
    { ...options, explain: async (failure) => withoutClippy(failure.stderr) ?? options.explain(failure) },
    clippyArguments(options),
  )
  const { counts, findings } = tally
  const verdict = { gate: 'clippy', said: saidOf(counts, options.mode) }
  if (options.mode === 'warn') return { ...verdict, passed: succeeded, counts, findings }
  return {
    ...verdict,
    passed: succeeded && counts.warnings === 0,
    counts: { errors: counts.errors + counts.warnings, warnings: 0 },
    // Whatever fails the gate is an error, also where the compiler itself would go on.
    findings: findings.map((finding) => ({ ...finding, level: 'error' })),
  }
}

type Selected = Pick<
  ClippyOptions,
  'featureArguments' | 'extraArguments' | 'target' | 'mode' | 'keepsGoing' | 'colour' | 'onReason'
>

export function clippyArguments(options: Selected): string[] {
  const { featureArguments, extraArguments, target, mode, keepsGoing } = options
  return [
    'clippy',
    ...['--workspace', '--all-targets', '--locked', '--offline'],
    // A crate that does not compile must not hide what is wrong in the others.
    ...(keepsGoing ? ['--keep-going'] : []),
    ...targetArguments(target),
    ...featureArguments,
    ...messageFormat(options),
    ...extraArguments,
    ...(mode === 'warn' ? lowered(extraArguments) : []),
  ]
}

/** No lint is an error then, whoever has denied it; what still is one does not compile. And the crates that use it are judged. */
function lowered(extraArguments: readonly string[]): string[] {
  return [...(extraArguments.includes('--') ? [] : ['--']), '--cap-lints', 'warn']
}

function saidOf({ errors, warnings }: Verdict['counts'], mode: ClippyOptions['mode']): string {
  if (errors === 0 && warnings === 0) return 'clippy has nothing to say.'
  const counted = [
    ...(errors > 0 ? [countOf(errors, 'error')] : []),
    ...(warnings > 0 ? [countOf(warnings, 'warning')] : []),
  ].join(' and ')
  if (mode === 'deny') return `clippy found ${counted}${warnings > 0 ? ', and warnings are denied' : ''}.`
  if (errors > 0) return `The code does not compile: clippy found ${counted}.`
  return `clippy found ${counted}, and \`clippy:warn\` only reports them.`
}

function withoutClippy(stderr: string): string | undefined {
  if (!/'cargo-clippy(\.exe)?' is not installed|no such command: `clippy`/.test(stderr)) return undefined
  return 'clippy is not installed for this toolchain: run `rustup component add clippy`, or name it under `components` in rust-toolchain.toml.'
}
