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
  const lines = text.split('\n').map(endsOf)
  // Lines of the user's code, which rustc shows behind a bar, can say anything.
  const spoken = lines.filter((line) => !/^\s*(\d+\s*)?\|/.test(line))
  const known = KNOWN.find(({ sign }) => spoken.some((line) => sign.test(line)))
  const errors = spoken.filter((line) => /^error(\[E\d+\])?:/.test(line) && !ECHOES.test(line))
  const last = lines.findLast((line) => line.trim() !== '') ?? ''
  const blamed = buildScriptFailure(spoken) ?? endedBySignal(spoken)
  const first = (blamed ?? withCause(errors[0], spoken) ?? last).trim().slice(0, LONGEST)
  const place = blamed === undefined ? placeOf(errors[0], spoken) : undefined
  const beside = [...(place ? [place] : []), ...(errors.length > 1 ? [`and ${errors.length - 1} more`] : [])]
  const what = `${first}${beside.length > 0 ? ` (${beside.join(', ')})` : ''}`.replace(/[\x00-\x1f\x7f]+/g, ' ')
  const why = `${said} failed: ${what}${inBuildScript(spoken)}`
  return known === undefined ? why : `${why}\n${known.remedy(facts)}`
}

/** Of one message. A build script can say a megabyte in one line. */
const LONGEST = 1000

/** What a line says stands at its beginning or, after the command of a compiler, at its end. */
function endsOf(line: string): string {
  return line.length <= 2 * LONGEST ? line : `${line.slice(0, LONGEST)} … ${line.slice(-LONGEST)}`
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

/** What was compiled when a signal ended the compiler. The line that says so repeats its whole command. */
function endedBySignal(lines: readonly string[]): string | undefined {
  const at = lines.findIndex((line) => ENDED.test(line))
  const signal = ENDED.exec(lines[at] ?? '')?.[1]
  const what = lines.slice(0, at + 1).findLast((line) => NOT_COMPILED.test(line))
  if (signal === undefined || what === undefined) return undefined
  return `compiling ${NOT_COMPILED.exec(what)?.[1]} was ended by ${signal}`
}

/** Of what could not be brought, cargo says first what it was for, and last what happened. */
function withCause(error: string | undefined, lines: readonly string[]): string | undefined {
  if (error === undefined || !/^error: (failed to (get|load|download|fetch)|unable to (update|get))\b/i.test(error))
    return error
  const at = lines.findLastIndex((line) => line.trim() === 'Caused by:')
  const cause = lines.slice(at + 1).find((line) => line.trim() !== '')
  return at < 0 || cause === undefined ? error : `${error}: ${cause.trim()}`
}

/** Where the compiler saw it, which it says right after the error; what notes point at is another place. */
function placeOf(error: string | undefined, lines: readonly string[]): string | undefined {
  if (error === undefined) return undefined
  const after = lines.slice(lines.indexOf(error) + 1)
  const end = after.findIndex((line) => line.trim() === '' || /^(error|warning|note|help)[:[]/.test(line))
  const own = after.slice(0, end < 0 ? undefined : end)
  return own.flatMap((line) => /^\s*--> (\S.{0,300}:\d+:\d+)\s*$/.exec(line)?.[1] ?? [])[0]
}

const ENDED = /^\s+process didn't exit successfully: .* \(signal: \d+, (SIG[A-Z]+)/
const NOT_COMPILED = /^error: could not compile (`[^`]+`(?: \([^)]*\))?)/

/** The error of a build script that does not compile would look for its reader in the wrong file. */
function inBuildScript(lines: readonly string[]): string {
  const failed = lines.flatMap((line) => NOT_COMPILED.exec(line)?.[1] ?? [])
  const name = failed.length === 1 ? /^(`[^`]+`) \(build script\)$/.exec(failed[0] ?? '')?.[1] : undefined
  return name === undefined ? '' : `, in the build script of ${name}`
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
    // Of a compiler, of what it calls to link, and of what that calls.
    sign: /signal: 9, SIGKILL|signal: 9 \(SIGKILL\)|signal 9 \[Killed\]/,
    remedy: () =>
      'It was killed. Most often the machine ran out of memory: try a larger one, or fewer jobs at once (CARGO_BUILD_JOBS=1).',
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
    sign: /failed to find tool "|gcc: command not found/,
    remedy: () =>
      'It compiles C, and the C compiler that it looks for is not installed: install it, or name another one (CC_<target>).',
  },
  {
    sign: /can't find crate for `(core|std)`|target may not be installed/,
    remedy: () => 'The toolchain has no standard library for this target: `rustup target add` installs it.',
  },
  {
    sign: /^\s*= note: `#\[deny\(.+\)\]` implied by `#\[deny\(warnings\)\]`/,
    remedy: () =>
      'That code makes errors of warnings (`#![deny(warnings)]`), so every new compiler can break it: take this out of it, or build with the toolchain that it was written for. The gate `clippy` denies warnings anyway.',
  },
  {
    sign: /^\s*= note: .*(implied by|requested on the command line with) `-D warnings`/,
    remedy: () =>
      'RUSTFLAGS, or `rustflags` in a configuration of cargo, make errors of warnings (`-D warnings`) in every crate that is not from a registry: take that out. The gate `clippy` denies warnings anyway.',
  },
]
