import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Binary } from '../report/binary.ts'
import { Cancelled, Failed } from '../report/ending.ts'
import type { Log } from '../report/log.ts'
import { bounded } from './bounded.ts'
import { type Beside, packParcel } from './parcel.ts'
import { refusedByGithub, type WorkflowRun } from './workflow-run.ts'

export type UploadOptions = {
  name: string
  binaries: readonly Binary[]
  /** What is published with them. */
  beside?: readonly Beside[]
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
  const { name, binaries, beside = [], commit, scratch, serverUrl, log, signal } = options
  try {
    const parcel = await packParcel({ folder: join(scratch, 'upload', name), binaries, beside, commit })
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

export type DownloadOptions = {
  name: string
  /** The run that has it; undefined for our own. */
  run: WorkflowRun | undefined
  scratch: string
  serverUrl: string
  signal: AbortSignal
}

/** Brings an artifact here and gives the folder; its bytes are those that were uploaded, or it fails. */
export async function downloadArtifact(options: DownloadOptions): Promise<string> {
  const { name, run, scratch, serverUrl, signal } = options
  const folder = join(scratch, 'from', name)
  await mkdir(folder, { recursive: true })
  const client = await artifactClient(serverUrl)
  const findBy = run === undefined ? {} : { findBy: findByOf(run) }
  const { id, digest } = await (run === undefined ? findHere(client, options) : findIn(client, run, options))
  try {
    const download = client.downloadArtifact(id, { ...findBy, path: folder, ...(digest && { expectedHash: digest }) })
    const got = await bounded(download, signal)
    if (got.digestMismatch)
      throw new Failed(`The artifact ${name} arrived damaged: its digest is not ${digest}. Run it again.`)
  } catch (error) {
    if (error instanceof Failed || error instanceof Cancelled) throw error
    if (run !== undefined && hasStatus(error)) throw refusedByGithub(error, run)
    throw new Failed(`The artifact ${name} could not be downloaded (${reasonOf(error)}).`, { cause: error })
  }
  return folder
}

type Client = Awaited<ReturnType<typeof artifactClient>>
type Found = { id: number; digest?: string }

async function findHere(client: Client, { name, signal }: DownloadOptions): Promise<Found> {
  const found = await bounded(client.getArtifact(name), signal).catch((error: unknown) => {
    if (error instanceof Cancelled) throw error
    throw new Failed(
      `There is no artifact ${name} to take (${reasonOf(error)}): the job that builds must come first (\`needs\`), and must have uploaded it.`,
      { cause: error },
    )
  })
  return found.artifact
}

/** A run that was repeated has several of the same name; the newest is the one that its page shows. */
async function findIn(client: Client, run: WorkflowRun, { name, signal }: DownloadOptions): Promise<Found> {
  const listing = client.listArtifacts({ findBy: findByOf(run), latest: true })
  const { artifacts } = await bounded(listing, signal).catch((error: unknown) => {
    throw refusedByGithub(error, run)
  })
  const found = artifacts.find((artifact) => artifact.name === name)
  if (found !== undefined) return found
  const there = artifacts.map((artifact) => artifact.name)
  const has = there.length === 0 ? 'it has none' : `it has ${there.slice(0, 20).join(', ')}`
  throw new Failed(
    `The run ${run.id} has no artifact ${name}; ${has}: name one with \`run:${run.id}/<name>\`, or the run that built it.`,
  )
}

function findByOf({ id, repository, token }: WorkflowRun) {
  const [repositoryOwner = '', repositoryName = ''] = repository.split('/')
  return { workflowRunId: id, repositoryOwner, repositoryName, token }
}

function hasStatus(error: unknown): boolean {
  return error instanceof Error && 'status' in error && typeof error.status === 'number'
}

async function artifactClient(serverUrl: string) {
  if (isEnterpriseServer(serverUrl)) {
    throw new Failed('GitHub Enterprise Server has no artifact service that this program could use')
  }
  // More than a megabyte with its storage client: loaded only by runs that use it.
  const { DefaultArtifactClient } = await import('@actions/artifact')
  return new DefaultArtifactClient()
}

/** The client's own rule; it would answer with a riddle. */
export function isEnterpriseServer(serverUrl: string): boolean {
  const { hostname } = new URL(serverUrl)
  return hostname !== 'github.com' && !hostname.endsWith('.ghe.com') && !hostname.endsWith('.localhost')
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '')
}
