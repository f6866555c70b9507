import type { Packed } from './component.ts'
import type { DebianRust } from './debian-rust.ts'
import { HOST } from './targets.ts'

/** rustup puts RUSTUP_DIST_SERVER in the place of this, wherever a manifest has it; so the mirror needs no address. */
const OFFICIAL = 'https://static.rust-lang.org'

const MINIMAL = ['rustc', 'cargo', 'rust-std']
/** As in the official manifests, where these two are still called previews. */
const PREVIEWS = ['rustfmt', 'clippy']

/** The manifest of a channel: what can be installed, where its archives are, and their hashes. */
export function channelManifest(rust: DebianRust, packed: readonly Packed[]): string {
  const version = quoted(`${rust.release} (${rust.commit.slice(0, 9)} ${rust.commitDate})`)
  const packages = [...new Set(packed.map((each) => each.package))]
  const lines = [
    'manifest-version = "2"',
    `date = ${quoted(rust.commitDate)}`,
    ...packages.flatMap((name) => [`[pkg.${name}]`, `version = ${version}`]),
    ...packed.flatMap((each) => [
      `[pkg.${each.package}.target.${each.target}]`,
      'available = true',
      `url = ${quoted(`${OFFICIAL}/${archiveFolder(rust)}/${each.archive}`)}`,
      `hash = ${quoted(each.sha256)}`,
    ]),
    '[pkg.rust]',
    `version = ${version}`,
    `[pkg.rust.target.${HOST}]`,
    'available = true',
    ...packed.flatMap((each) => [
      `[[pkg.rust.target.${HOST}.${each.target === HOST ? 'components' : 'extensions'}]]`,
      `pkg = ${quoted(each.package)}`,
      `target = ${quoted(each.target)}`,
    ]),
    '[profiles]',
    `minimal = ${list(MINIMAL)}`,
    `default = ${list(packages)}`,
    `complete = ${list(packages)}`,
    ...PREVIEWS.flatMap((name) => [`[renames.${name}]`, `to = ${quoted(`${name}-preview`)}`]),
  ]
  return `${lines.join('\n')}\n`
}

/** The channels that the one version of the mirror is found by, as rustup asks for them. */
export function channels(rust: DebianRust): readonly string[] {
  return ['stable', rust.release, rust.release.replace(/\.\d+$/, '')]
}

/** Where the archives are below the server's root. */
export function archiveFolder(rust: DebianRust): string {
  return `dist/${rust.commitDate}`
}

function list(values: readonly string[]): string {
  return `[${values.map(quoted).join(', ')}]`
}

/** A string of JSON is one of TOML too. */
function quoted(value: string): string {
  return JSON.stringify(value)
}
