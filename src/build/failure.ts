import { stripVTControlCharacters } from 'node:util'

export type CargoFailure = Facts & { said: string; stderr: string }

type Facts = {
  targetDirectory: string
  /** What was left on its disk right after the failure; undefined where that could not be asked. */
  freeBytes: number | undefined
  hasGitToken: boolean
}

/** Why cargo failed, as a sentence: what it says last is seldom the cause, and never the remedy. */
export function explainFailure({ said, stderr, ...facts }: CargoFailure): string {
  const text = stripVTControlCharacters(stderr)
  // Lines of the user's code, which rustc shows behind a bar, can say anything.
  const spoken = text.split('\n').filter((line) => !/^\s*\d*\s*\|/.test(line))
  const known = KNOWN.find(({ sign }) => spoken.some((line) => sign.test(line)))
  const errors = text.split('\n').filter((line) => /^error(\[E\d+\])?:/.test(line) && !ECHOES.test(line))
  const first = (errors[0] ?? text.trim().split('\n').at(-1) ?? '').trim()
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
  const why = `${said} failed: ${first}${more}`
  return known === undefined ? why : `${why}\n${known.remedy(facts)}`
}

/** What cargo adds after the real errors. */
const ECHOES = /^error: (could not compile|aborting due to|build failed)/

type Known = { sign: RegExp; remedy: (facts: Facts) => string }

const KNOWN: readonly Known[] = [
  {
    sign: /No space left on device|os error 28\b|ENOSPC/,
    remedy: ({ targetDirectory }) =>
      `The disk is full. Free some space, or let cargo write elsewhere with CARGO_TARGET_DIR (now ${targetDirectory}).`,
  },
  {
    // A linker writes through mapped memory, and a disk that is full meets it as a bus error, not as an error message.
    sign: /signal 7 \[Bus error\]|signal: 7, SIGBUS/,
    remedy: ({ targetDirectory, freeBytes }) =>
      `The linker died of a bus error, as it does when the disk is full: ${freeBytes === undefined ? 'an unknown number of' : freeBytes} bytes are free in ${targetDirectory}. Free some space, or let cargo write elsewhere with CARGO_TARGET_DIR.`,
  },
  {
    sign: /signal: 9, SIGKILL/,
    remedy: () =>
      'The compiler was killed. Most often the machine ran out of memory: try a larger one, or fewer jobs at once (CARGO_BUILD_JOBS=1).',
  },
  {
    sign: /cannot (create|update) the lock file .* because --(locked|frozen) was passed|lock file .* needs to be updated but --(locked|frozen)/,
    remedy: () =>
      'Cargo.lock does not match Cargo.toml, and a release is only built from what it names: run `cargo update --workspace`, then commit Cargo.lock.',
  },
  {
    sign: /failed to authenticate|authentication (required|failed)|could not read Username|revspec .* not found|terminal prompts disabled|no authentication (methods|callbacks)|repository '[^']*' not found|requested URL returned error: 40[134]/i,
    remedy: ({ hasGitToken }) =>
      hasGitToken
        ? 'A private dependency refused `cargo-git-token`: check that it may read that repository and has not expired.'
        : 'A dependency is private and `cargo-git-token` is empty. If the workflow does give it a secret: that is empty for pull requests from forks, and a secret of an environment is empty in a called workflow unless its caller says `secrets: inherit`.',
  },
  {
    sign: /linker `[^`]+` not found/,
    remedy: () =>
      'Install a C toolchain, which Rust links with (Debian and Ubuntu: `apt-get install build-essential`).',
  },
  {
    sign: /can't find crate for `(core|std)`|target may not be installed/,
    remedy: () => 'The toolchain has no standard library for this target: `rustup target add` installs it.',
  },
]
