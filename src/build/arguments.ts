/** What cargo is to compile: plain data, so that its arguments can be tested without running it. */
export type Compilation = {
  packages: readonly { name: string; version: string }[]
  binaries: readonly string[]
  features: readonly string[]
  profile: string
  /** As it was named, and without the glibc that only zig understands. */
  target: { name: string; triple: string }
  /** Programs that stand in for cargo, where they are wanted. */
  through: { zigbuild?: string | undefined; auditable?: string | undefined }
  /** cargo says of each unit why it compiles it. */
  explains: boolean
}

/** What a run needs of a registry or of git, for every machine type that something is compiled for. */
export function fetchArguments(triples: readonly string[]): string[] {
  return ['fetch', '--locked', ...[...new Set(triples)].flatMap((triple) => ['--target', triple])]
}

export function buildCommand(compilation: Compilation): { file: string; args: string[] } {
  const { packages, binaries, features, profile, target, through, explains } = compilation
  const { zigbuild, auditable } = through
  const args = [
    // Each runs what comes after it: cargo-auditable calls `cargo zigbuild`.
    ...(auditable !== undefined ? ['auditable'] : []),
    zigbuild !== undefined ? 'zigbuild' : 'build',
    // Offline, because everything was fetched before: what runs now never sees a registry or a git token.
    ...['--locked', '--offline', '--target', zigbuild !== undefined ? target.name : target.triple],
    ...(profile === 'release' ? ['--release'] : ['--profile', profile]),
    // With the version, since a dependency may have the same name.
    ...packages.flatMap(({ name, version }) => ['--package', `${name}@${version}`]),
    ...binaries.flatMap((binary) => ['--bin', binary]),
    ...featureArguments(features),
    ...(explains ? ['--verbose'] : []),
    '--message-format',
    'json-render-diagnostics',
  ]
  return { file: auditable ?? zigbuild ?? 'cargo', args }
}

/** The setting as cargo takes it. */
export function featureArguments(features: readonly string[]): string[] {
  const named = features.filter((feature) => feature !== 'all' && feature !== '-default')
  return [
    ...(features.includes('all') ? ['--all-features'] : []),
    ...(features.includes('-default') ? ['--no-default-features'] : []),
    ...(named.length > 0 ? ['--features', named.join(',')] : []),
  ]
}
