import type { Environment } from '../process/environment.ts'
import type { GraphPackage } from './graph.ts'
import { reachedFrom } from './reached.ts'

export type MissingOptions = {
  graph: readonly GraphPackage[]
  roots: readonly string[]
  triple: string
  /** The machine that compiles. */
  host: string
  /** Of the build, with what cargo's configuration adds to it. */
  environment: Environment
  /** The native libraries whose build scripts cargo's configuration replaces. */
  replaced: readonly string[]
}

/** A library that a package only looks for, and that is not there for another target than this machine. */
export type MissingLibrary = {
  name: string
  version: string
  advice: string
  /** Whether its build script fails, and not only most likely the linker. */
  isCertain: boolean
}

type Library = {
  called: string
  /** With one of these its source is compiled instead. */
  features: readonly string[]
  /** The same, for those that may have the source of others, too. */
  sources: readonly string[]
  /** Where somebody may have told where the library is, for the target in upper case; the first is the best. */
  variables: (target: string) => readonly string[]
  isCertain: boolean
  remedy: string
}

const ownCopy = (feature: string) => `let it compile its own copy with its feature \`${feature}\``

/**
 * Only packages which servers commonly have, whose build scripts have been read, and which never compile the library by
 * themselves when they do not find it, as those for zlib, libgit2, libssh2 or curl do.
 */
const LIBRARIES: Readonly<Record<string, Library>> = {
  'openssl-sys': {
    called: 'OpenSSL',
    features: [],
    sources: ['openssl-src', 'bssl-sys', 'aws-lc-sys', 'aws-lc-fips-sys'],
    variables: (target) => ['OPENSSL_DIR', 'OPENSSL_LIB_DIR'].flatMap((name) => [`${target}_${name}`, name]),
    isCertain: true,
    remedy: `use rustls in its place, or ${ownCopy('vendored')} (\`openssl = { version = "0.10", features = ["vendored"] }\` in Cargo.toml)`,
  },
  'libdbus-sys': {
    called: 'D-Bus',
    features: ['vendored'],
    sources: [],
    variables: () => [],
    isCertain: true,
    remedy: ownCopy('vendored'),
  },
  // These leave it to the linker, which may find what we do not know of.
  'libsqlite3-sys': {
    called: 'SQLite',
    features: ['bundled', 'bundled-sqlcipher', 'bundled-sqlcipher-vendored-openssl', 'loadable_extension'],
    sources: [],
    variables: () => ['SQLITE3_LIB_DIR', 'SQLCIPHER_LIB_DIR'],
    isCertain: false,
    remedy: `${ownCopy('bundled')} (of \`rusqlite\`, or of \`libsqlite3-sys\` itself)`,
  },
  'pq-sys': {
    called: 'libpq',
    features: ['bundled', 'bundled_without_openssl'],
    sources: ['pq-src'],
    variables: (target) => [`PQ_LIB_DIR_${target}`, 'PQ_LIB_DIR', `PG_CONFIG_${target}`],
    isCertain: false,
    remedy: ownCopy('bundled'),
  },
  'mysqlclient-sys': {
    called: 'libmysqlclient',
    features: ['bundled'],
    sources: ['mysqlclient-src'],
    variables: (target) => [`MYSQLCLIENT_LIB_DIR_${target}`, 'MYSQLCLIENT_LIB_DIR'],
    isCertain: false,
    remedy: ownCopy('bundled'),
  },
}

/** What can be told of missing libraries before minutes of compiling. */
export function missingLibraries(options: MissingOptions): MissingLibrary[] {
  const { graph, roots, triple, host, environment, replaced } = options
  if (triple === host || isForeignAllowed(triple, environment)) return []
  const target = triple.toUpperCase().replaceAll(/[-.]/g, '_')
  return reachedFrom(graph, roots).flatMap(({ package: found, through }) => {
    const library = Object.hasOwn(LIBRARIES, found.name) ? LIBRARIES[found.name] : undefined
    if (library === undefined || found.buildScript === undefined || replaced.includes(found.links ?? '')) return []
    const variables = library.variables(target)
    if (bringsSource(found, library, graph) || variables.some((name) => environment[name])) return []
    // A linker for glibc of another machine type may have the libraries of that type.
    if (!library.isCertain && !triple.includes('-linux-musl')) return []
    const { name, version } = found
    const way = through.length > 1 ? ` (through ${through.slice(1).join(' → ')})` : ''
    const told = variables[0] === undefined ? '' : `, or set ${variables[0]} to where one for this target is`
    const advice = `${name} ${version}${way} looks for ${library.called} on the machine that compiles, where none is for ${triple}: ${library.remedy}${told}.`
    return [{ name, version, advice, isCertain: library.isCertain }]
  })
}

function bringsSource(found: GraphPackage, { features, sources }: Library, graph: readonly GraphPackage[]): boolean {
  const ids = new Set(found.dependencies.map(({ id }) => id))
  return (
    features.some((feature) => found.features.includes(feature)) ||
    graph.some(({ id, name }) => ids.has(id) && sources.includes(name))
  )
}

/** pkg-config answers for no other target, unless it is told to. https://docs.rs/pkg-config/#cross-compilation */
function isForeignAllowed(triple: string, environment: Environment): boolean {
  const names = ['PKG_CONFIG', 'PKG_CONFIG_SYSROOT_DIR', 'PKG_CONFIG_ALLOW_CROSS'].flatMap((name) => [
    name,
    `${name}_${triple}`,
    `${name}_${triple.replaceAll(/[-.]/g, '_')}`,
    `TARGET_${name}`,
  ])
  return names.some((name) => environment[name] !== undefined && environment[name] !== '0')
}
