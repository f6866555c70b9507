import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Binary } from '../report/binary.ts'
import { Cancelled, Failed } from '../report/ending.ts'
import type { Log } from '../report/log.ts'
import { packParcel } from './parcel.ts'

export type UploadOptions = {
  name: string
  binaries: readonly Binary[]
  commit: string | undefined
  scratch: string
  /** Of the GitHub that runs us. */
  serverUrl: string
  log: Log
  signal: AbortSignal
}

export type Uploaded = { name: string; id: number; bytes: number }

/**
 * Uploads one parcel. A service that refuses, is of GitHub Enterprise Server or is down costs the artifact, never the
 * build: the binary is here and proved, so this is a warning.
 */
export async function uploadArtifact(options: UploadOptions): Promise<Uploaded | undefined> {
  const { name, binaries, commit, scratch, serverUrl, log, signal } = options
  try {
    const parcel = await packParcel(join(scratch, 'upload', name), binaries, commit)
    const client = await artifactClient(serverUrl)
    const { id, size } = await bounded(client.uploadArtifact(name, [...parcel.files], parcel.folder), signal)
    if (id === undefined) throw new Error('the service gave it no id')
    return { name, id, bytes: size ?? 0 }
  } catch (error) {
    if (error instanceof Cancelled) throw error
    log.finding({
      level: 'warning',
      title: 'Artifact not uploaded',
      message: `The artifact ${name} was not uploaded (${reasonOf(error)}). The build is complete; jobs that take the artifact will not find it.`,
    })
    return undefined
  }
}

export type DownloadOptions = { name: string; scratch: string; serverUrl: string; signal: AbortSignal }

/** Brings an artifact of this run here and gives the folder; its bytes are those that were uploaded, or it fails. */
export async function downloadArtifact({ name, scratch, serverUrl, signal }: DownloadOptions): Promise<string> {
  const folder = join(scratch, 'from', name)
  await mkdir(folder, { recursive: true })
  const client = await artifactClient(serverUrl)
  const found = await bounded(client.getArtifact(name), signal).catch((error: unknown) => {
    if (error instanceof Cancelled) throw error
    throw new Failed(
      `There is no artifact ${name} to take (${reasonOf(error)}): the job that builds must come first (\`needs\`), and must have uploaded it.`,
      { cause: error },
    )
  })
  const { id, digest } = found.artifact
  try {
    const download = client.downloadArtifact(id, { path: folder, ...(digest && { expectedHash: digest }) })
    const got = await bounded(download, signal)
    if (got.digestMismatch)
      throw new Failed(`The artifact ${name} arrived damaged: its digest is not ${digest}. Run it again.`)
  } catch (error) {
    if (error instanceof Failed || error instanceof Cancelled) throw error
    throw new Failed(`The artifact ${name} could not be downloaded (${reasonOf(error)}).`, { cause: error })
  }
  return folder
}

async function artifactClient(serverUrl: string) {
  if (isEnterpriseServer(serverUrl)) {
    throw new Failed('GitHub Enterprise Server has no artifact service that this program could use')
  }
  // More than a megabyte with its storage client: loaded only by runs that use it.
  const { DefaultArtifactClient } = await import('@actions/artifact')
  return new DefaultArtifactClient()
}

/** A transfer may take this long. The client itself would go on for as long as a stalled service likes. */
const LONGEST_MS = 10 * 60_000

/** The client can be neither stopped nor timed, so its work is left alone; the process ends soon after. */
async function bounded<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const limit = AbortSignal.timeout(LONGEST_MS)
  const stop = AbortSignal.any([signal, limit])
  return Promise.race([
    work,
    new Promise<never>((_, reject) => {
      const end = () =>
        reject(
          signal.aborted
            ? new Cancelled('The transfer of the artifact was stopped.')
            : new Error(`it took more than ${LONGEST_MS / 60_000} minutes`),
        )
      if (stop.aborted) end()
      else stop.addEventListener('abort', end, { once: true })
    }),
  ])
}

/** The client's own rule; it would answer with a riddle. */
function isEnterpriseServer(serverUrl: string): boolean {
  const { hostname } = new URL(serverUrl)
  return hostname !== 'github.com' && !hostname.endsWith('.ghe.com') && !hostname.endsWith('.localhost')
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '')
}
