import type { Blobs, Content } from './blobs.ts'
import type { Links } from './links.ts'
import { MIME_TYPES } from './mime-types.ts'
import type { Caller } from './run.ts'
import { checkRun, type Question, TwirpError, type TwirpMethod } from './twirp.ts'

export type Artifact = {
  id: number
  repository: string
  run: string
  job: string
  name: string
  mimeType: string
  blob: string
  createdAt: Date
  expiresAt?: string
  /** Missing until it is finalized. */
  content?: Content
}

/** From this version on a client says what it uploads; before, it was always a zip. */
const FIRST_WITH_MIME_TYPE = 7

/** The artifacts of all runs, and ArtifactService of GitHub's results API. */
export class Artifacts {
  readonly #all: Artifact[] = []
  readonly #blobs: Blobs
  readonly #links: Links
  #count = 0

  constructor(blobs: Blobs, links: Links) {
    this.#blobs = blobs
    this.#links = links
  }

  list(): readonly Artifact[] {
    return this.#all
  }

  readonly service: Record<string, TwirpMethod> = {
    CreateArtifact: (caller, question) => {
      checkRun(caller, question)
      const name = question.text('name')
      checkName(name)
      const mimeType = mimeTypeOf(question)
      if (this.#of(caller).some((artifact) => artifact.name === name)) {
        throw new TwirpError('already_exists', 'an artifact with this name already exists on the workflow run')
      }
      const expiresAt = question.optionalText('expires_at')
      this.#count += 1
      const blob = this.#blobs.reserve()
      this.#all.push({
        id: this.#count,
        repository: caller.repository,
        run: caller.run,
        job: caller.job,
        name,
        mimeType,
        blob,
        createdAt: new Date(),
        ...(expiresAt !== undefined && { expiresAt }),
      })
      return { ok: true, signed_upload_url: this.#links.make({ blob, permission: 'cw' }) }
    },

    FinalizeArtifact: (caller, question) => {
      const artifact = this.#named(caller, question)
      const content = this.#blobs.content(artifact.blob)
      if (content === undefined) throw new TwirpError('invalid_argument', 'nothing was uploaded for this artifact')
      const size = question.number('size')
      if (content.size !== size) {
        throw new TwirpError('invalid_argument', `size: ${content.size} bytes were uploaded, not ${size}`)
      }
      const hash = question.optionalText('hash')
      if (hash !== undefined && hash !== `sha256:${content.sha256}`) {
        throw new TwirpError('invalid_argument', `hash: the uploaded bytes have sha256:${content.sha256}`)
      }
      this.#blobs.seal(artifact.blob)
      artifact.content = content
      return { ok: true, artifact_id: String(artifact.id) }
    },

    ListArtifacts: (caller, question) => {
      checkRun(caller, question)
      const name = question.optionalText('name_filter')
      const id = question.optionalNumber('id_filter')
      const artifacts = this.#of(caller)
        .filter((artifact) => name === undefined || artifact.name === name)
        .filter((artifact) => id === undefined || artifact.id === id)
        .flatMap((artifact) => (artifact.content === undefined ? [] : [described(artifact, artifact.content)]))
      return { artifacts }
    },

    GetSignedArtifactURL: (caller, question) => {
      const artifact = this.#finished(caller, question)
      const disposition = dispositionOf(artifact)
      return { signed_url: this.#links.make({ blob: artifact.blob, permission: 'r', disposition }) }
    },

    DeleteArtifact: (caller, question) => {
      const artifact = this.#finished(caller, question)
      this.#all.splice(this.#all.indexOf(artifact), 1)
      this.#blobs.remove(artifact.blob)
      return { ok: true, artifact_id: String(artifact.id) }
    },
  }

  #of(caller: Caller): Artifact[] {
    return this.#all.filter(({ repository, run }) => repository === caller.repository && run === caller.run)
  }

  #named(caller: Caller, question: Question): Artifact {
    checkRun(caller, question)
    const name = question.text('name')
    const artifact = this.#of(caller).find((candidate) => candidate.name === name)
    if (artifact === undefined) throw new TwirpError('not_found', `artifact not found with name: ${name}`)
    return artifact
  }

  #finished(caller: Caller, question: Question): Artifact {
    const artifact = this.#named(caller, question)
    if (artifact.content === undefined) throw new TwirpError('not_found', `artifact not finalized: ${artifact.name}`)
    return artifact
  }
}

function described(artifact: Artifact, content: Content): Record<string, unknown> {
  return {
    workflow_run_backend_id: artifact.run,
    workflow_job_run_backend_id: artifact.job,
    database_id: String(artifact.id),
    name: artifact.name,
    size: String(content.size),
    created_at: artifact.createdAt.toISOString(),
    digest: `sha256:${content.sha256}`,
  }
}

function checkName(name: string): void {
  if (name === '') throw new TwirpError('invalid_argument', 'name must not be empty')
  if (/[":<>|*?\r\n\\/]/.test(name)) {
    throw new TwirpError('invalid_argument', 'name must not contain any of " : < > | * ? \\r \\n \\ /')
  }
}

function mimeTypeOf(question: Question): string {
  if (question.number('version') < FIRST_WITH_MIME_TYPE) return 'application/zip'
  const mimeType = question.text('mime_type')
  if (!MIME_TYPES.has(mimeType)) {
    throw new TwirpError('invalid_argument', 'mime_type a valid mime_type is required for this artifact version')
  }
  return mimeType
}

/** What the download is saved as. Names beyond ASCII need the second form; old readers need the first. */
function dispositionOf({ name, mimeType }: Artifact): string {
  const file = mimeType === 'application/zip' && !name.toLowerCase().endsWith('.zip') ? `${name}.zip` : name
  const ascii = file.replace(/[^\x20-\x7e]/g, '_')
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encodeURIComponent(file)}`
}
