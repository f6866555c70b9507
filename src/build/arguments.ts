/** What cargo is to compile: plain data, so that its arguments can be tested without running it. */
export type Compilation = {
  packages: readonly { name: string; version: string }[]
  binaries: readonly string[]
  features: readonly string[]
  profile: string
  target: string
}

export function fetchArguments({ target }: Compilation): string[] {
  return ['fetch', '--locked', '--target', target]
}

export function buildArguments({ packages, binaries, features, profile, target }: Compilation): string[] {
  return [
    'build',
    // Offline, because everything was fetched before: what runs now never sees a registry or a git token.
    ...['--locked', '--offline', '--target', target],
    ...(profile === 'release' ? ['--release'] : ['--profile', profile]),
    // With the version, since a dependency may have the same name.
    ...packages.flatMap(({ name, version }) => ['--package', `${name}@${version}`]),
    ...binaries.flatMap((binary) => ['--bin', binary]),
    ...featureArguments(features),
    '--message-format',
    'json-render-diagnostics',
  ]
}

function featureArguments(features: readonly string[]): string[] {
  const named = features.filter((feature) => feature !== 'all' && feature !== '-default')
  return [
    ...(features.includes('all') ? ['--all-features'] : []),
    ...(features.includes('-default') ? ['--no-default-features'] : []),
    ...(named.length > 0 ? ['--features', named.join(',')] : []),
  ]
}
