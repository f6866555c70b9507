import { chmod, copyFile, link, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parseRecord, recordsIn, textOf } from '../json/narrow.ts'
import type { Binary } from '../report/binary.ts'
import { Failed } from '../report/ending.ts'
import { sha256Of } from './digest.ts'
import { sumsOf } from './sums.ts'

/** What travels between jobs: the binaries of one package for one target, what is beside them, and a file that says what all of it is. */
const MANIFEST = 'rust-deploy.json'
/** The same digests again, for people who have nothing but coreutils. */
const SUMS = 'SHA256SUMS'
const SCHEMA = 1
/** Far more than either of the two texts ever has; what is longer is not ours. */
const LONGEST = 4 * 1024 * 1024

/** What is made of a binary and published with it. */
export type Beside = { kind: 'sbom' | 'archive'; binary: string; path: string }

export type ParcelOptions = {
  folder: string
  binaries: readonly Binary[]
  beside: readonly Beside[]
  commit: string | undefined
}

export type Parcel = { folder: string; files: readonly string[] }

export async function packParcel({ folder, binaries, beside, commit }: ParcelOptions): Promise<Parcel> {
  await mkdir(folder, { recursive: true })
  const [first] = binaries
  const manifest = {
    schema: SCHEMA,
    package: first?.package,
    version: first?.version,
    target: first?.target,
    commit,
    files: binaries.map(({ name, path, size, sha256 }) => ({ name, file: basename(path), size, sha256 })),
    beside: await Promise.all(
      beside.map(async ({ kind, binary, path }) => ({
        kind,
        binary,
        file: basename(path),
        size: (await stat(path)).size,
        sha256: await sha256Of(path),
      })),
    ),
  }
  await writeFile(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`)
  for (const { path } of [...binaries, ...beside]) {
    const copy = join(folder, basename(path))
    // A link costs nothing; where the folders are on different disks it must be a copy.
    await link(path, copy).catch(() => copyFile(path, copy))
  }
  const named = [...manifest.files, ...manifest.beside]
  await writeFile(join(folder, SUMS), await sumsOfParcel(folder, named))
  return { folder, files: [MANIFEST, SUMS, ...named.map(({ file }) => file)].map((file) => join(folder, file)) }
}

export type Opened = { binaries: readonly Binary[]; beside: readonly Beside[]; commit: string | undefined }

/** Reads a parcel and proves that each of its files has the bytes that its manifest names, and that there is no other. */
export async function openParcel(folder: string): Promise<Opened> {
  const text = await shortText(join(folder, MANIFEST))
  if (text === undefined) throw new Failed(`${folder} is no artifact of a build: it has no ${MANIFEST}.`)
  const manifest = parseRecord(text)
  const files = recordsIn(manifest?.['files'])
  if (manifest?.['schema'] !== SCHEMA || files.length === 0) {
    throw new Failed(`The ${MANIFEST} of this artifact is damaged, or another version of rust-deploy wrote it.`)
  }
  const binaries = await Promise.all(files.map((file) => provenFile(folder, file)))
  const beside = await Promise.all(
    recordsIn(manifest['beside']).map(async (file) => {
      const { kind, binary } = file
      if (!isKind(kind)) throw new Failed(unknownIn(textOf(file['file'])))
      return { kind, binary: textOf(binary), ...(await provenFile(folder, file)) }
    }),
  )
  const proven = [...binaries, ...beside]
  await refuseStrangers(folder, proven)
  const target = textOf(manifest['target'])
  // An artifact is a zip file in which the right to execute got lost.
  for (const { path } of binaries) await chmod(path, 0o755)
  return {
    binaries: binaries.map(({ name, path, size, sha256 }) => ({
      package: textOf(manifest['package']),
      version: textOf(manifest['version']),
      name,
      ...(target !== '' && { target }),
      path,
      size,
      sha256,
    })),
    beside: beside.map(({ kind, binary, path }) => ({ kind, binary, path })),
    commit: textOf(manifest['commit']) || undefined,
  }
}

function isKind(kind: unknown): kind is Beside['kind'] {
  return kind === 'sbom' || kind === 'archive'
}

type Proven = { name: string; file: string; path: string; size: number; sha256: string }

async function provenFile(folder: string, record: Record<string, unknown>): Promise<Proven> {
  const file = textOf(record['file'])
  // The manifest came from elsewhere: a name with a folder in it would reach outside.
  if (file === '' || basename(file) !== file || file === '..' || file === '.') {
    throw new Failed(`The ${MANIFEST} of this artifact names the file ${JSON.stringify(file)}, which is no plain name.`)
  }
  const path = join(folder, file)
  const found = await stat(path).catch(() => undefined)
  if (!found?.isFile()) throw new Failed(`The artifact names the file ${file}, but does not hold it.`)
  const sha256 = await sha256Of(path)
  if (sha256 !== record['sha256']) {
    throw new Failed(
      `The file ${file} is not the one that was built: its SHA-256 is ${sha256}, and ${textOf(record['sha256'])} was expected.`,
    )
  }
  return { name: textOf(record['name']), file, path, size: found.size, sha256 }
}

/** What the manifest does not name was put there by somebody else, or belongs to a newer version than this one. */
async function refuseStrangers(folder: string, proven: readonly Proven[]): Promise<void> {
  const known = new Set([MANIFEST, SUMS, ...proven.map(({ file }) => file)])
  const strangers = (await readdir(folder)).filter((name) => !known.has(name))
  if (strangers[0] !== undefined) throw new Failed(unknownIn(strangers[0]))
  const sums = await shortText(join(folder, SUMS))
  if (sums !== undefined && sums !== (await sumsOfParcel(folder, proven))) {
    throw new Failed(`The ${SUMS} of this artifact does not fit to its files: build it again.`)
  }
}

async function sumsOfParcel(folder: string, files: readonly { file: string; sha256: string }[]): Promise<string> {
  const all = [...files, { file: MANIFEST, sha256: await sha256Of(join(folder, MANIFEST)) }]
  return sumsOf(all.map(({ file, sha256 }) => ({ name: file, sha256 })))
}

/** Undefined where there is no such file, or none that could be one of ours. */
async function shortText(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined)
  return found?.isFile() && found.size <= LONGEST ? readFile(path, 'utf8') : undefined
}

function unknownIn(file: string): string {
  return `The artifact holds ${JSON.stringify(file)}, and this version of rust-deploy does not know what that is: use the version that built it, or build it again.`
}
