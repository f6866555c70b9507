import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Failed } from '../../report/ending.ts'

/**
 * musl has all of these in its libc, and ships them empty for whoever asks for them; Rust's copy of it leaves them out.
 * Without them rust-lld finds no `-lm` that a build script asks for, and `cc` finds that of glibc.
 */
const EMPTY = ['crypt', 'dl', 'm', 'pthread', 'resolv', 'rt', 'util', 'xnet']

/** An archive with nothing in it. */
const ARCHIVE = '!<arch>\n'

/** The flag that lets the linker find the empty libraries. The folder should keep its name: cargo compares flags. */
export async function emptyLibraries(folder: string): Promise<string> {
  try {
    await mkdir(folder, { recursive: true })
    await Promise.all(EMPTY.map((name) => writeOnce(join(folder, `lib${name}.a`))))
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Failed(
      `The empty libraries that musl is linked with cannot be written (${why}): let RUNNER_TOOL_CACHE name a folder that can be written.`,
      { cause: error },
    )
  }
  return `-Lnative=${folder}`
}

/** A linker of another run may be reading it. */
async function writeOnce(path: string): Promise<void> {
  const found = await readFile(path, 'utf8').catch(() => '')
  if (found !== ARCHIVE) await writeFile(path, ARCHIVE)
}
