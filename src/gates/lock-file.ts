/** A package of Cargo.lock, and the line that names it. */
export type LockedPackage = {
  name: string
  version: string
  /** Empty for what belongs to the project itself. */
  source: string
  line: number
  /** As the lock file writes them: `name`, `name version` or `name version (source)`. */
  dependencies: readonly string[]
}

/**
 * Reads Cargo.lock line by line, since places are lines. Cargo itself writes this file, in one form only, and refuses
 * another one under `--locked`; what is in another form is passed over.
 */
export function readLock(text: string): LockedPackage[] {
  const packages: Open[] = []
  let open: Open | undefined
  let listing = false
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim()
    if (line.startsWith('[')) {
      // `[root]` is how old versions of cargo wrote the project itself.
      open = line === '[[package]]' || line === '[root]' ? empty(index + 1) : undefined
      listing = false
      if (open !== undefined) packages.push(open)
    } else if (open === undefined) {
      // Before the first package, or in a table that is about none.
    } else if (listing) {
      const dependency = /^"([^"]+)",?$/.exec(line)?.[1]
      if (dependency !== undefined) open.dependencies.push(dependency)
      else listing = false
    } else if (line === 'dependencies = [') listing = true
    else take(open, line, index + 1)
  }
  return packages.filter(({ name, version }) => name !== '' && version !== '')
}

type Open = LockedPackage & { dependencies: string[] }

function empty(line: number): Open {
  return { name: '', version: '', source: '', line, dependencies: [] }
}

function take(open: Open, line: string, number: number): void {
  const [, key, value = ''] = /^(name|version|source) = "([^"]*)"$/.exec(line) ?? []
  if (key === 'name') {
    open.name = value
    open.line = number
  } else if (key === 'version') open.version = value
  else if (key === 'source') open.source = value
}

export function isFromCratesIo({ source }: LockedPackage): boolean {
  return CRATES_IO.has(source)
}

const CRATES_IO = new Set([
  'registry+https://github.com/rust-lang/crates.io-index',
  'registry+sparse+https://index.crates.io/',
  'sparse+https://index.crates.io/',
])
