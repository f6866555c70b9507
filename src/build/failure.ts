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
  const script = buildScriptFailure(spoken)
  const errors = text.split('\n').filter((line) => /^error(\[E\d+\])?:/.test(line) && !ECHOES.test(line))
  const first = (script ?? errors[0] ?? text.trim().split('\n').at(-1) ?? '').trim()
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
  const why = `${said} failed: ${first.replace(/[\x00-\x1f\x7f]+/g, ' ')}${more}`
  return known === undefined ? why : `${why}\n${known.remedy(facts)}`
}

/** Whose build script failed and with which words, out of the hundreds of lines that such a failure can have. */
function buildScriptFailure(lines: readonly string[]): string | undefined {
  const at = lines.findIndex((line) => CUSTOM_BUILD.test(line))
  const [, name, version] = CUSTOM_BUILD.exec(lines[at] ?? '') ?? []
  if (name === undefined) return undefined
  const section = lines.slice(at + 1)
  const end = section.findIndex((line) => /^(error|warning)[:[]/.test(line))
  const own = section.slice(0, end < 0 ? undefined : end)
  const said = own.slice(own.findLastIndex((line) => line.trim() === '--- stderr') + 1).map((line) => line.trim())
  const panicked = said.findIndex((line) => /^thread '.*' (\(\d+\) )?panicked at/.test(line))
  const tool = said.find((line) => /error occurred|failed to find tool|fatal error:|^error:/i.test(line))
  const why = tool ?? (panicked < 0 ? said.findLast((line) => line !== '') : said[panicked + 1])
  return `the build script of \`${name}\` ${version} failed${why ? `: ${why.slice(0, 500)}` : ''}`
}

const CUSTOM_BUILD = /^error: failed to run custom build command for `(\S+) v(\S+?)(?: .*)?`/

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
    sign: /failed to find tool "|[a-z0-9_-]*gcc: command not found/,
    remedy: () =>
      'It compiles C, and the C compiler that it looks for is not installed: install it, or name another one (CC_<target>).',
  },
  {
    sign: /can't find crate for `(core|std)`|target may not be installed/,
    remedy: () => 'The toolchain has no standard library for this target: `rustup target add` installs it.',
  },
]
