import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { isAbsolute, join, resolve } from 'node:path'
import type { Environment } from '../process/environment.ts'

export type ReproducibleOptions = {
  cargoHome: string
  /** Where the repository was checked out. */
  checkout: string
  /** Where cargo puts what it makes; often one folder inside the checkout. */
  targetDirectory: string
  buildDirectory: string
  /** When the commit was made, in seconds. */
  commitTime: number | undefined
}

/**
 * What makes a build give the same bytes wherever it runs. Flags are a part of what cargo takes a compiled dependency
 * for, so the path of a checkout must not stand in one: in another folder nothing compiled could be used again.
 */
export type Reproducible = {
  /** For `joinRustflags`. The same for every checkout with the same cargo home, which cargo compares anyway. */
  rustflags: readonly string[]
  environment: Readonly<Record<string, string>>
  /** What only the wrapper may add, since cargo does not see it: one flag a line. */
  remap: string
}

export function reproducible(options: ReproducibleOptions): Reproducible {
  const { cargoHome, checkout, targetDirectory, buildDirectory, commitTime } = options
  const places: Place[] = [
    { from: checkout, to: '/build' },
    { from: targetDirectory, to: '/target' },
    { from: buildDirectory, to: '/target' },
    { from: cargoHome, to: '/cargo' },
  ]
  return {
    rustflags: flagsFor([{ from: cargoHome, to: '/cargo' }]),
    environment: {
      // Always off: what it makes depends on what was compiled before.
      CARGO_INCREMENTAL: '0',
      // Neither rustc nor cargo read it, but build scripts and C compilers do. https://reproducible-builds.org/specs/source-date-epoch/
      ...(commitTime !== undefined && { SOURCE_DATE_EPOCH: String(Math.trunc(commitTime)) }),
    },
    remap: flagsFor(places).join('\n'),
  }
}

type Place = { from: string; to: string }

/** rustc takes the last one that fits, so a folder inside another comes after it. */
function flagsFor(places: readonly Place[]): string[] {
  return (
    places
      // A line end could not be told from the end of a flag, and a root would rename everything.
      .filter(({ from }) => isAbsolute(from) && !/^\/+$|\n/.test(from))
      .toSorted((a, b) => a.from.length - b.from.length)
      .map(({ from, to }) => `--remap-path-prefix=${from}=${to}`)
  )
}

export type WrapperOptions = {
  /** A folder that is there as long as the build. */
  scratch: string
  remap: string
  /** Where cargo is started. */
  directory: string
  /** Of the user: he may have a wrapper of his own, such as sccache. */
  environment: Environment
  /** `build.rustc-wrapper` of cargo's configuration files. */
  configuredWrapper: string | undefined
}

/**
 * The variables that let cargo call rustc through a wrapper, which cargo takes for no part of what it compiles. They
 * must therefore not be a part of a cache's key either.
 */
export async function rustcWrapper(options: WrapperOptions): Promise<Record<string, string>> {
  const { scratch, remap } = options
  // There is no shell to run it, and no server to deploy to either.
  if (remap === '' || process.platform === 'win32') return {}
  const path = join(scratch, 'rustc-wrapper')
  await mkdir(scratch, { recursive: true })
  await writeFile(path, WRAPPER)
  await chmod(path, 0o755)
  return { RUSTC_WRAPPER: path, RUST_DEPLOY_REMAP: remap, RUST_DEPLOY_WRAPPER: ownWrapper(options) ?? '' }
}

/** Values come in variables, one a line, and are split there only: nothing in them is a pattern or a command. */
const WRAPPER = `#!/bin/sh
IFS='
'
set -f
exec $RUST_DEPLOY_WRAPPER "$@" $RUST_DEPLOY_REMAP
`

/** In the order in which cargo looks; an empty variable means none at all. */
function ownWrapper({ environment, configuredWrapper, directory }: WrapperOptions): string | undefined {
  const named = environment['RUSTC_WRAPPER'] ?? environment['CARGO_BUILD_RUSTC_WRAPPER'] ?? configuredWrapper
  if (named === undefined || named === '') return undefined
  // rustc is started in many folders, and a path counts from where cargo was.
  return named.includes('/') ? resolve(directory, named) : named
}
