import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { Failed } from '../report/ending.ts'
import type { LocalPackages } from './local-packages.ts'

export type SkeletonOptions = {
  /** Where cargo is run for the project. */
  directory: string
  local: LocalPackages
  /** An existing folder outside the checkout. */
  scratch: string
}

export type Skeleton = {
  /** Gone with everything in it when nobody needs it any more. */
  folder: string
  /** What the Cargo.toml in the project's own directory is there. */
  manifest: string
}

/**
 * A copy of the project that has its manifests and its lock file to the letter, and of its code nothing: what is compiled
 * there are its dependencies. Everything keeps its place relative to the rest. cargo's configuration is not copied: cargo
 * looks for it from the folder in which it is run, and that stays the project's own.
 */
export async function makeSkeleton({ directory, local, scratch }: SkeletonOptions): Promise<Skeleton> {
  const sources = local.packages.flatMap((each) => each.sources)
  const top = commonFolder([directory, ...local.manifestFolders, ...sources.map(({ path }) => dirname(path))])
  if (isWithin(local.workspaceRoot, scratch)) {
    throw new Failed(
      `${scratch} is inside the project: dependencies can only be compiled ahead in a folder outside it.`,
    )
  }
  const folder = await mkdtemp(join(scratch, 'skeleton-'))
  try {
    const copy = new Copy(top, folder)
    for (const each of local.manifestFolders) await copy.file(join(each, 'Cargo.toml'))
    await copy.file(join(local.workspaceRoot, 'Cargo.lock'))
    // One file can be the library and a program at once.
    const programs = new Set(sources.filter(({ isLibrary }) => !isLibrary).map(({ path }) => path))
    for (const { path } of sources) await copy.write(path, programs.has(path) ? EMPTY_PROGRAM : EMPTY_LIBRARY)
    return { folder, manifest: copy.placeOf(join(directory, 'Cargo.toml')) }
  } catch (cause) {
    await rm(folder, { recursive: true, force: true })
    if (cause instanceof Failed) throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Failed(`The dependencies cannot be compiled ahead: ${why}. The build itself compiles them.`, { cause })
  }
}

/** What the lints of a project could find even in an empty file. Its users have cargo warn of all that is left. */
const EMPTY_LIBRARY = '//! Stands in for a library.\n#![allow(unused_crate_dependencies)]\n'
const EMPTY_PROGRAM = '//! Stands in for a program.\n#![allow(dead_code, unused_crate_dependencies)]\nfn main() {}\n'

/** Writes below one folder only, and no file twice: a target can be named as if it were a manifest. */
class Copy {
  readonly #from: string
  readonly #to: string

  constructor(from: string, to: string) {
    this.#from = from
    this.#to = to
  }

  placeOf(path: string): string {
    const place = resolve(this.#to, relative(this.#from, path))
    if (!isWithin(this.#to, place)) throw new Failed(`${path} cannot be placed among the other files of the project.`)
    return place
  }

  async file(path: string): Promise<void> {
    await this.write(path, await readFile(path))
  }

  async write(path: string, content: string | Uint8Array): Promise<void> {
    const place = this.placeOf(path)
    await mkdir(dirname(place), { recursive: true })
    await writeFile(place, content, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
}

function commonFolder(folders: readonly string[]): string {
  const [first = sep, ...others] = folders.map((folder) => resolve(folder))
  return others.reduce((common, folder) => {
    let shared = common
    while (shared !== folder && !isWithin(shared, folder) && dirname(shared) !== shared) shared = dirname(shared)
    return shared
  }, first)
}

function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}
