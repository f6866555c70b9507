import { sortedOnce } from './fingerprint.ts'
import { profileIn } from './unit-arguments.ts'

/** One binary, or several, as the run builds them later. */
export type CookBuild = {
  packages: readonly { name: string; version: string }[]
  binaries: readonly string[]
  /** As cargo takes them: `--features x,y`, `--all-features`. */
  featureArguments: readonly string[]
  profile: string
  /** As it was named, and without the glibc that only zig understands. */
  target: { name: string; triple: string }
  /** The program that stands in for cargo, where zig links. */
  through: { zigbuild?: string | undefined }
}

/** What the run compiles later, and so what its dependencies are compiled for. */
export type CookPlan = {
  gates: {
    clippy: boolean
    test: boolean
    /** Undefined for the machine's own. */
    testTarget: string | undefined
    featureArguments: readonly string[]
    /** What `unitArguments` reads out of those that somebody added. */
    clippyArguments: readonly string[]
    /** The same for the tests, and for each way in which they are compiled. */
    testArguments: readonly (readonly string[])[]
  }
  builds: readonly CookBuild[]
}

export type CookPlace = {
  /** The Cargo.toml in the skeleton that stands for the one in the project's directory. */
  manifest: string
  /** The file with what `cookConfig` wrote. */
  config: string
  cargo: CargoAbilities
}

export type CargoAbilities = {
  /** `debug = "line-tables-only"`, since 1.71. */
  namesDebugLevels: boolean
  /** `--keep-going`, since 1.74. */
  keepsGoing: boolean
  /** `CARGO_BUILD_BUILD_DIR`, since 1.91. */
  hasBuildDirectory: boolean
}

/** `purpose` is the triple that is built for, or `gates`. */
export type CookCall = { purpose: string; file: string; args: readonly string[] }

/** The calls that compile for each part of the plan what it needs from elsewhere, exactly as that part will need it. */
export function cookCalls({ gates, builds }: CookPlan, place: CookPlace): CookCall[] {
  const { clippy, test, testTarget, featureArguments, clippyArguments, testArguments } = gates
  const gate = (args: readonly string[], more: readonly string[]): CookCall => ({
    purpose: 'gates',
    file: 'cargo',
    // A target that is added stands beside the other, for cargo too.
    args: cookArguments([...args, ...targetArguments(testTarget), '--workspace', ...featureArguments, ...more], place),
  })
  return [
    // For what is not the project's own clippy is nothing but `cargo check`.
    ...(clippy ? [gate(['check', '--all-targets'], clippyArguments)] : []),
    // As `cargo test --no-run`, which has no `--keep-going`. Whatever profile is asked for, tests have no other.
    ...(test ? testArguments : []).map((more) =>
      gate(['build', '--tests', '--examples', ...(profileIn(more) === undefined ? ['--profile', 'test'] : [])], more),
    ),
    ...builds.map(
      (build): CookCall => ({
        purpose: build.target.triple,
        file: build.through.zigbuild ?? 'cargo',
        args: cookArguments(buildArguments(build), place),
      }),
    ),
  ]
}

/**
 * Configuration that gives the stand-ins for project code a profile that nobody else has. cargo tells a package in the
 * skeleton from the same package in the project by nothing else: since it looks at times of change only, it would take
 * an empty library that is younger than the real source for the compiled form of that source.
 */
export function cookConfig(plan: CookPlan, local: readonly { name: string; version: string }[]): string {
  const { clippy, test, clippyArguments, testArguments } = plan.gates
  const profiles = sortedOnce([
    ...(clippy ? [profileIn(clippyArguments) ?? 'dev'] : []),
    ...(test ? testArguments : []).map((args) => profileIn(args) ?? 'test'),
    ...plan.builds.map(({ profile }) => profile),
  ])
  const tables = profiles.flatMap((profile) =>
    local.map(
      ({ name, version }) =>
        `[profile.${JSON.stringify(profile)}.package.${JSON.stringify(`${name}@${version}`)}]\ncodegen-units = ${NOBODY_ELSES}\n`,
    ),
  )
  return tables.join('\n')
}

const NOBODY_ELSES = 251

/**
 * The part of a plan that decides which units it needs; versions of the project's own packages do not, and what links is
 * told apart by itself.
 */
export function workOf({ gates, builds }: CookPlan): unknown {
  const { clippy, test, testTarget, featureArguments, clippyArguments, testArguments } = gates
  const compiling = clippy || test
  return {
    gates: {
      clippy,
      test,
      testTarget: compiling ? testTarget : undefined,
      features: compiling ? featureArguments : [],
      clippyArguments: clippy ? clippyArguments : [],
      testArguments: test ? testArguments : [],
    },
    builds: builds
      .map(({ packages, featureArguments: features, profile, target }) => ({
        packages: sortedOnce(packages.map(({ name }) => name)),
        features,
        profile,
        target: target.name,
      }))
      .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
  }
}

export function cargoAbilities(cargoVersion: string): CargoAbilities {
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)\./.exec(cargoVersion) ?? []
  const since = (wanted: number) => Number(major) > 1 || Number(minor) >= wanted
  return { namesDebugLevels: since(71), keepsGoing: since(74), hasBuildDirectory: since(91) }
}

function cookArguments([command = '', ...args]: readonly string[], { manifest, config, cargo }: CookPlace): string[] {
  return [
    ...[command, '--config', config, '--manifest-path', manifest, '--locked', '--offline', ...args],
    // A stand-in that some lint of the project forbids must not stop what can be compiled without it.
    ...(cargo.keepsGoing ? ['--keep-going'] : []),
    ...['--message-format', 'json-render-diagnostics'],
  ]
}

function buildArguments({ packages, binaries, featureArguments, profile, target, through }: CookBuild): string[] {
  const zig = through.zigbuild !== undefined
  return [
    zig ? 'zigbuild' : 'build',
    ...targetArguments(zig ? target.name : target.triple),
    ...(profile === 'release' ? ['--release'] : ['--profile', profile]),
    ...packages.flatMap(({ name, version }) => ['--package', `${name}@${version}`]),
    ...binaries.flatMap((binary) => ['--bin', binary]),
    ...featureArguments,
  ]
}

function targetArguments(target: string | undefined): string[] {
  return target === undefined ? [] : ['--target', target]
}
