import type { Stats } from 'node:fs'
import { lstat, readdir, realpath, stat } from 'node:fs/promises'
import { isAbsolute, join, relative, sep } from 'node:path'
import { Cancelled, Refused } from '../report/ending.ts'
import { advance, begin, type Glob, isComplete, parseGlob, type Reached } from './glob.ts'

export type FilesOptions = {
  /** What is matched, and what (`!`) is taken away again wherever it stands in the list. */
  patterns: readonly string[]
  directory: string
  /** cargo's: nothing is taken from it. */
  targetDirectory: string
  signal: AbortSignal
}

/** `name` is relative to the project, with `/`. */
export type MatchedFile = { path: string; name: string; mode: number }

const MOST_FILES = 65_000
/** A pattern that goes everywhere meets what package managers left behind; past this it is a mistake. */
const MOST_VISITED = 1_000_000

/** Reads the patterns without looking at the disk: what is wrong with them is known before anything is built. */
export function parseFilePatterns(patterns: readonly string[]): { wanted: readonly Glob[]; unwanted: readonly Glob[] } {
  const problems: string[] = []
  const parsed = patterns.flatMap((pattern) => {
    try {
      const isUnwanted = pattern.startsWith('!')
      return [{ isUnwanted, glob: parseGlob(isUnwanted ? pattern.slice(1) : pattern) }]
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      problems.push(...error.problems)
      return []
    }
  })
  const wanted = parsed.filter(({ isUnwanted }) => !isUnwanted).map(({ glob }) => glob)
  const unwanted = parsed.filter(({ isUnwanted }) => isUnwanted).map(({ glob }) => glob)
  if (problems.length === 0 && wanted.length === 0 && unwanted.length > 0) {
    problems.push('`files` only takes away (every pattern begins with !): name first what is to be taken.')
  }
  if (problems.length > 0) throw new Refused(problems)
  return { wanted, unwanted }
}

/** The files that go with the binary everywhere, in the order of their names. */
export async function matchFiles(options: FilesOptions): Promise<readonly MatchedFile[]> {
  const { wanted, unwanted } = parseFilePatterns(options.patterns)
  if (wanted.length === 0) return []
  const root = await realpath(options.directory)
  const { targetDirectory, signal } = options
  // It may not exist yet, or be a link; and one that holds the project itself cannot be left out.
  const found = await realpath(targetDirectory).catch(() => targetDirectory)
  const target = isBelow(root, found) ? undefined : found
  const search: Search = { root, target, signal, visited: 0, found: [], met: new Set() }
  const tracks = (globs: readonly Glob[]) => globs.map((glob) => ({ glob, reached: begin(glob) }))
  await walk(search, { path: root, name: '', above: [root] }, tracks(wanted), tracks(unwanted))
  const missing = wanted.filter((glob) => !search.met.has(glob))
  if (missing.length > 0) throw new Refused(missing.map(nothingFor))
  refuseCaseCollisions(search.found)
  return search.found.sort((one, other) => Buffer.compare(Buffer.from(one.name), Buffer.from(other.name)))
}

type Search = {
  root: string
  target: string | undefined
  signal: AbortSignal
  visited: number
  found: MatchedFile[]
  met: Set<Glob>
}

/** A pattern on its way down a path. */
type Track = { glob: Glob; reached: Reached }

/** `above`: the true paths of the folders on the way here, so that a link to one of them is seen. */
type Folder = { path: string; name: string; above: readonly string[] }

async function walk(search: Search, folder: Folder, wanted: readonly Track[], unwanted: readonly Track[]) {
  for (const child of await namesIn(folder)) {
    if (search.signal.aborted) throw new Cancelled('Looking for the `files` was stopped.')
    search.visited += 1
    if (search.visited > MOST_VISITED) throw new Refused(tooMany(`more than ${MOST_VISITED} had to be looked at`))
    const here = stepped(wanted, child)
    const away = stepped(unwanted, child)
    if (here.length === 0 || away.some(isMatch) || child === '.git') continue

    const complete = here.filter(isMatch)
    const name = folder.name === '' ? child : `${folder.name}/${child}`
    const entry = await entryOf(search, join(folder.path, child), name, complete.length > 0)
    if (entry === undefined || (search.target !== undefined && isBelow(entry.path, search.target))) continue
    if (entry.stats.isDirectory()) {
      if (folder.above.includes(entry.path)) continue
      await walk(search, { path: entry.path, name, above: [...folder.above, entry.path] }, here, away)
    } else if (complete.length > 0) {
      if (!entry.stats.isFile()) throw new Refused(`\`files\` meets ${quoted(name)}, which is no ordinary file.`)
      for (const { glob } of complete) search.met.add(glob)
      search.found.push({ path: entry.path, name, mode: (entry.stats.mode & 0o100) === 0 ? 0o644 : 0o755 })
      if (search.found.length > MOST_FILES) throw new Refused(tooMany(`they match more than ${MOST_FILES} files`))
    }
  }
}

async function namesIn({ path, name }: Folder): Promise<string[]> {
  const names = await readdir(path).catch((cause: Error) => {
    throw new Refused(
      `\`files\` leads into ${quoted(name)}, which cannot be read (${cause.message}): add \`!${name}\`, or make it readable.`,
      {
        cause,
      },
    )
  })
  return names.sort()
}

/** What a name stands for, with links followed; undefined for what is of no interest. */
async function entryOf(
  { root }: Search,
  path: string,
  name: string,
  isWanted: boolean,
): Promise<{ path: string; stats: Stats } | undefined> {
  const own = await lstat(path).catch(() => undefined)
  if (own === undefined) {
    if (!isWanted) return undefined
    throw new Refused(`\`files\` meets ${quoted(name)}, which is gone, or whose name is no valid UTF-8.`)
  }
  if (!own.isSymbolicLink()) return { path, stats: own }
  const found = await Promise.all([realpath(path), stat(path)]).catch(() => undefined)
  if (found === undefined) {
    if (!isWanted) return undefined
    throw new Refused(`\`files\` meets ${quoted(name)}, a link that leads nowhere: mend it, or add \`!${name}\`.`)
  }
  const [real, stats] = found
  if (isBelow(real, root)) return { path: real, stats }
  // A folder may hold what is wanted even where its own name is not.
  if (!isWanted && !stats.isDirectory()) return undefined
  throw new Refused(
    `\`files\` meets ${quoted(name)}, a link that leads out of the project: copy what it names into the project, or add \`!${name}\`.`,
  )
}

function stepped(tracks: readonly Track[], name: string): Track[] {
  return tracks
    .map(({ glob, reached }) => ({ glob, reached: advance(glob, reached, name) }))
    .filter(({ reached }) => reached.length > 0)
}

function isMatch({ glob, reached }: Track): boolean {
  return isComplete(glob, reached)
}

function isBelow(path: string, folder: string): boolean {
  const way = relative(folder, path)
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}

function nothingFor({ text }: Glob): string {
  return `\`files\` has the pattern ${quoted(text)}, and no file matches it: patterns know *, ?, [a-z] and **, are relative to the working directory, and never reach into target or .git.`
}

function tooMany(what: string): string {
  return `\`files\` is too much: ${what}. Name the folders that are needed, or take some away with \`!\`.`
}

/** The same name to macOS and Windows, where one would overwrite the other. */
function refuseCaseCollisions(found: readonly MatchedFile[]): void {
  const seen = new Map<string, string>()
  const problems = found.flatMap(({ name }) => {
    const folded = name.normalize('NFC').toLowerCase()
    const other = seen.get(folded)
    seen.set(folded, name)
    if (other === undefined) return []
    return [
      `\`files\` brings ${quoted(other)} and ${quoted(name)}, which are one file where case does not matter: rename one, or take it away with \`!\`.`,
    ]
  })
  if (problems.length > 0) throw new Refused(problems)
}

/** A name can hold line ends, and more. */
function quoted(name: string): string {
  return JSON.stringify(name)
}
