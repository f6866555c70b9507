import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type SbomOptions, sbomFileName, sbomOf } from './sbom.ts'
import { unwritable } from './unwritable.ts'

/** Writes the SBOM of a binary under the name that goes with its archive's, and gives its path. */
export async function writeSbom(folder: string, options: SbomOptions): Promise<string> {
  const path = join(folder, sbomFileName(options.binary))
  try {
    await mkdir(folder, { recursive: true })
    await writeFile(path, sbomOf(options))
    return path
  } catch (cause) {
    throw unwritable(`The SBOM ${path}`, cause)
  }
}
