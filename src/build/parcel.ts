import { chmod, copyFile, link, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { isRecord, parseRecord, recordsIn, textOf } from '../json/narrow.ts'
import type { Binary } from '../report/binary.ts'
import { Failed } from '../report/ending.ts'
import { sha256Of } from './digest.ts'

/** What travels between jobs: the binaries of one package for one target, and this file, which says what they are. */
const MANIFEST = 'rust-deploy.json'
const SCHEMA = 1

export type Parcel = { folder: string; files: readonly string[] }

export async function packParcel(
  folder: string,
  binaries: readonly Binary[],
  commit: string | undefined,
): Promise<Parcel> {
  await mkdir(folder, { recursive: true })
  const [first] = binaries
  const manifest = {
    schema: SCHEMA,
    package: first?.package,
    version: first?.version,
    target: first?.target,
    commit,
    files: binaries.map(({ name, path, size, sha256 }) => ({ name, file: basename(path), size, sha256 })),
  }
  const files = [join(folder, MANIFEST)]
  await writeFile(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`)
  for (const { path } of binaries) {
    const copy = join(folder, basename(path))
    // A link costs nothing; where the folders are on different disks it must be a copy.
    await link(path, copy).catch(() => copyFile(path, copy))
    files.push(copy)
  }
  return { folder, files }
}

export type Opened = { binaries: readonly Binary[]; commit: string | undefined }

/** Reads a parcel and proves that each binary has the bytes that its manifest names. */
export async function openParcel(folder: string): Promise<Opened> {
  const text = await readFile(join(folder, MANIFEST), 'utf8').catch((error: Error) => {
    throw new Failed(`${folder} is no artifact of a build: it has no ${MANIFEST}.`, { cause: error })
  })
  const manifest = parseRecord(text)
  const files = recordsIn(manifest?.['files'])
  if (manifest?.['schema'] !== SCHEMA || files.length === 0) {
    throw new Failed(`The ${MANIFEST} of this artifact is damaged, or another version of rust-deploy wrote it.`)
  }
  const binaries = await Promise.all(files.map((file) => provenBinary(folder, manifest, file)))
  return { binaries, commit: textOf(manifest['commit']) || undefined }
}

async function provenBinary(
  folder: string,
  manifest: Record<string, unknown>,
  file: Record<string, unknown>,
): Promise<Binary> {
  const fileName = textOf(file['file'])
  // The manifest came from elsewhere: a name with a folder in it would reach outside.
  if (!isRecord(file) || fileName === '' || basename(fileName) !== fileName || fileName === '..') {
    throw new Failed(
      `The ${MANIFEST} of this artifact names the file ${JSON.stringify(fileName)}, which is no plain name.`,
    )
  }
  const path = join(folder, fileName)
  const size = await stat(path).then(
    (found) => found.size,
    () => {
      throw new Failed(`The artifact names the binary ${fileName}, but does not hold it.`)
    },
  )
  const sha256 = await sha256Of(path)
  if (sha256 !== file['sha256']) {
    throw new Failed(
      `The binary ${fileName} is not the one that was built: its SHA-256 is ${sha256}, and ${textOf(file['sha256'])} was expected.`,
    )
  }
  // An artifact is a zip file in which the right to execute got lost.
  await chmod(path, 0o755)
  const target = textOf(manifest['target'])
  return {
    package: textOf(manifest['package']),
    version: textOf(manifest['version']),
    name: textOf(file['name']),
    ...(target !== '' && { target }),
    path,
    size,
    sha256,
  }
}
