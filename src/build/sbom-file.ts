import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Failed } from '../report/ending.ts'
import { type SbomOptions, sbomFileName, sbomOf } from './sbom.ts'

/** Writes the SBOM of a binary under the name that goes with its archive's, and gives its path. */
export async function writeSbom(folder: string, options: SbomOptions): Promise<string> {
  const path = join(folder, sbomFileName(options.binary))
  try {
    await mkdir(folder, { recursive: true })
    await writeFile(path, sbomOf(options))
    return path
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Failed(`The SBOM ${path} could not be written (${why}): see that the disk has room for it.`, { cause })
  }
}
