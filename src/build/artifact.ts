import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Failed } from '../report/ending.ts'
import type { Log } from '../report/log.ts'
import type { Binary } from './binary.ts'
import { packParcel } from './parcel.ts'

export type UploadOptions = {
  name: string
  binaries: readonly Binary[]
  commit: string | undefined
  scratch: string
  log: Log
}

export type Uploaded = { name: string; id: number; bytes: number }

/**
 * Uploads one parcel. A service that refuses, is of GitHub Enterprise Server or is down costs the artifact, never the
 * build: the binary is here and proved, so this is a warning.
 */
export async function uploadArtifact(options: UploadOptions): Promise<Uploaded | undefined> {
  const { name, binaries, commit, scratch, log } = options
  const parcel = await packParcel(join(scratch, 'upload', name), binaries, commit)
  try {
    const client = await artifactClient()
    const { id, size } = await client.uploadArtifact(name, [...parcel.files], parcel.folder)
    if (id === undefined) throw new Error('the service gave it no id')
    return { name, id, bytes: size ?? 0 }
  } catch (error) {
    log.finding({
      level: 'warning',
      title: 'Artifact not uploaded',
      message: `The artifact ${name} was not uploaded (${reasonOf(error)}). The build is complete; jobs that take the artifact will not find it.`,
    })
    return undefined
  }
}

export type DownloadOptions = { name: string; scratch: string }

/** Brings an artifact of this run here and gives the folder; its bytes are those that were uploaded, or it fails. */
export async function downloadArtifact({ name, scratch }: DownloadOptions): Promise<string> {
  const folder = join(scratch, 'from', name)
  await mkdir(folder, { recursive: true })
  const client = await artifactClient()
  const found = await client.getArtifact(name).catch((error: unknown) => {
    throw new Failed(
      `There is no artifact ${name} to take (${reasonOf(error)}): the job that builds must come first (\`needs\`), and must have uploaded it.`,
      { cause: error },
    )
  })
  const { id, digest } = found.artifact
  try {
    const got = await client.downloadArtifact(id, { path: folder, ...(digest && { expectedHash: digest }) })
    if (got.digestMismatch)
      throw new Failed(`The artifact ${name} arrived damaged: its digest is not ${digest}. Run it again.`)
  } catch (error) {
    if (error instanceof Failed) throw error
    throw new Failed(`The artifact ${name} could not be downloaded (${reasonOf(error)}).`, { cause: error })
  }
  return folder
}

async function artifactClient() {
  // More than a megabyte with its storage client: loaded only by runs that use it.
  const { DefaultArtifactClient } = await import('@actions/artifact')
  return new DefaultArtifactClient()
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'GHESNotSupportedError') return 'GitHub Enterprise Server has no artifact service of this kind'
  return error.message.replace(/\.$/, '')
}
