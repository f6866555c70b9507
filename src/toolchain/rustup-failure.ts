import { stripVTControlCharacters } from 'node:util'
import type { Environment } from '../process/environment.ts'
import { shownAddress } from './address.ts'

export type RustupFailure = {
  /** What was called, as in `rustup toolchain install`. */
  said: string
  stderr: string
  environment: Environment
  /** Who wants the toolchain: a setting, a variable or a file. */
  wantedBy?: string
}

/** Why rustup failed, as a sentence with the remedy. */
export function explainRustup(failure: RustupFailure): string {
  const text = said(failure.stderr)
  for (const { sign, say } of KNOWN) {
    const found = sign.exec(text)
    if (found !== null) return say(found, failure)
  }
  const error = /^error: (.+)$/m.exec(text)?.[1] ?? /panicked at[^\n]*\n([^\n]+)/.exec(text)?.[1]
  const why = (error ?? text.trim().split('\n').at(-1) ?? '').trim().slice(0, 500).replace(/\.$/, '')
  return `${failure.said} failed: ${why || 'it says nothing'} (asked of ${serverOf(failure.environment)}).`
}

/** Whether the same call may succeed a moment later: a server or the way to it failed, and did not say no. */
export function isPassing(stderr: string): boolean {
  if (DISK_FULL.test(stderr) || NONEXISTENT.test(stderr)) return false
  const status = /status code: (\d{3})/.exec(stderr)?.[1]
  if (status?.startsWith('4') && !['408', '429'].includes(status)) return false
  return NETWORK.test(stderr)
}

const DISK_FULL = /No space left on device|os error 28\b|os error 112\b|Disk quota exceeded/
const NONEXISTENT = /could not download nonexistent rust version `([^`\n]+)`|no release found for '([^'\n]+)'/
const NETWORK =
  /could not download file from|component download failed|error sending request|failed to make network request|please try again/i

/** What an installation that was killed leaves in the way of the next. */
const CONFLICT = /failed to install component: '([^'\n]+)', detected conflict: '([^'\n]+)'/

export function isConflict(stderr: string): boolean {
  return CONFLICT.test(stderr)
}

type Known = { sign: RegExp; say: (found: RegExpExecArray, failure: RustupFailure) => string }

const KNOWN: readonly Known[] = [
  {
    sign: DISK_FULL,
    say: (_, { said, environment }) =>
      `The disk is full, so ${said} could not finish. Free some space, or name a folder on a larger disk with RUSTUP_HOME${now(environment['RUSTUP_HOME'])}.`,
  },
  {
    sign: /Permission denied|os error 13\b|Read-only file system/,
    say: (_, { said, environment }) =>
      `${said} may not write where rustup keeps its toolchains: check the rights of that folder, or name another one with RUSTUP_HOME${now(environment['RUSTUP_HOME'])}.`,
  },
  {
    sign: NONEXISTENT,
    say: ([, version, channel], { environment, wantedBy }) =>
      `There is no Rust \`${version ?? channel}\` on ${serverOf(environment)}: check the toolchain${wantedBy === undefined ? '' : ` in ${wantedBy}`}${mirrorMayLack(environment)}.`,
  },
  {
    sign: /invalid toolchain name:? '([^'\n]+)'/,
    say: ([, name], { wantedBy }) =>
      `\`${name}\` is no toolchain${wantedBy === undefined ? '' : ` (named by ${wantedBy})`}: write a channel or a version, such as \`stable\` or \`1.96.0\`, or link your own with \`rustup toolchain link\`.`,
  },
  {
    sign: /toolchain '([^'\n]+)' may not be able to run on this system/,
    say: ([, name]) =>
      `The toolchain \`${name}\` is for another kind of machine: leave its triple out, and name what to build for with \`target\`.`,
  },
  {
    sign: /does not support target '([^'\n]+)'(?:; did you mean '([^'\n]+)'\?)?/,
    say: ([, target, near]) =>
      near === undefined
        ? `\`${target}\` is no target of this toolchain: \`rustc --print target-list\` shows all.`
        : `\`${target}\` is no target of this toolchain; did you mean \`${near}\`?`,
  },
  {
    sign: /toolchain '([^'\n]+)' has no prebuilt artifacts available for target '([^'\n]+)'/,
    say: ([, toolchain, target]) =>
      `There is no ready-made standard library of \`${toolchain}\` for \`${target}\`, as for all targets of tier 3: take another target, or another toolchain.`,
  },
  {
    sign: /component 'rust-std' for target '([^'\n]+)' is unavailable|does not contain component 'rust-std' for target '([^'\n]+)'/,
    say: ([, target, other], { environment }) =>
      `The toolchain has no ready-made standard library for \`${target ?? other}\`: either the name is wrong (\`rustc --print target-list\` shows all), or it is of tier 3 and none is made${mirrorMayLack(environment)}.`,
  },
  {
    sign: /component '([^'\n]+)'(?: for target '[^'\n]+')? is unavailable for download for channel '([^'\n]+)'/,
    say: ([, component, toolchain], { environment }) => lacks(`\`${component}\``, toolchain ?? '', environment),
  },
  {
    sign: /some components are unavailable for download for channel '([^'\n]+)': ([^\n]+)/,
    say: ([, toolchain, listed = ''], { environment }) => {
      const all = [...listed.matchAll(/'([^'\n]+)'(?: for target '[^'\n]+')?/g)].map(([, name]) => `\`${name}\``)
      return lacks([...new Set(all)].join(', '), toolchain ?? '', environment)
    },
  },
  {
    sign: /toolchain '([^'\n]+)' does not contain component '([^'\n]+)'(?: for target '[^'\n]+')?(?:(?:; |\nhelp: )did you mean '([^'\n]+)'\?)?/,
    say: ([, toolchain, component, near], { environment }) =>
      lacks(`\`${component}\``, toolchain ?? '', environment, near),
  },
  {
    sign: CONFLICT,
    say: ([, component, file]) =>
      `${file} is there already, left behind by an installation of ${component} that was cut off: remove the toolchain with \`rustup toolchain uninstall\`, and run it again.`,
  },
  {
    sign: /checksum failed for '([^'\n]+)'/,
    say: ([, url]) =>
      `${shownAddress(url ?? '')} arrived damaged: its hash is not the one that is expected. Run it again; if it stays so, the mirror is out of step with itself.`,
  },
  {
    sign: NETWORK,
    say: ({ input }, { said, environment }) =>
      `${said} could not reach ${serverOf(environment)} (${networkReason(input)}). Check the network and its proxy, or ${environment['RUSTUP_DIST_SERVER'] ? 'whether the mirror in RUSTUP_DIST_SERVER is up' : 'name a mirror with RUSTUP_DIST_SERVER'}.`,
  },
]

function lacks(components: string, toolchain: string, environment: Environment, near?: string): string {
  const remedy = toolchain.startsWith('nightly')
    ? 'not every nightly has all, so pin the date of one that does, or leave it out'
    : near === undefined
      ? 'check its name, or leave it out'
      : `did you mean \`${near}\`?`
  const end = remedy.endsWith('?') ? remedy : `${remedy}${mirrorMayLack(environment)}.`
  return `The toolchain \`${toolchain}\` has no component ${components}: ${end}`
}

function serverOf(environment: Environment): string {
  return shownAddress(environment['RUSTUP_DIST_SERVER'] || 'https://static.rust-lang.org')
}

function mirrorMayLack(environment: Environment): string {
  return environment['RUSTUP_DIST_SERVER'] ? ', or whether the mirror in RUSTUP_DIST_SERVER has it' : ''
}

function networkReason(text: string): string {
  const status = /status code: (\d{3})/.exec(text)
  // rustup asks for the rest of a file, and not every server has rests. Its next try begins anew.
  if (status?.[1] === '200') return 'a download broke off'
  const caused = /^\s+\d+: (?!error)(.+)$/gm
  const deepest = [...text.matchAll(caused)].at(-1)?.[1]
  const last = /^error: .*: ([^:\n]+)$/m.exec(text)?.[1]
  return (status?.[0] ?? deepest ?? last ?? 'it did not answer').trim().slice(0, 200).replace(/\.$/, '')
}

/** The end of what a program said, as plain lines. */
function said(stderr: string): string {
  return stripVTControlCharacters(stderr.slice(-64 * 1024)).replace(/[^\P{Cc}\n]/gu, '')
}

function now(value: string | undefined): string {
  return value ? ` (now ${value})` : ''
}
