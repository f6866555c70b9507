import { Cancelled, Failed } from '../report/ending.ts'
import type { Log } from '../report/log.ts'
import { bounded } from './bounded.ts'

export type AttestOptions = {
  /** What is attested: digests of files, which need not be here. */
  subjects: readonly { name: string; sha256: string }[]
  place: AttestPlace
  /** That nothing is attested is a failure, and not only told. */
  required: boolean
  log: Log
  signal: AbortSignal
}

/** What decides whether this job can sign at all. */
export type AttestPlace = {
  inActions: boolean
  /** The runner offers tokens of identity: ACTIONS_ID_TOKEN_REQUEST_URL is there. */
  hasIdToken: boolean
  serverUrl: string
  repository: string
  token: string
}

export type Attested = { kind: 'attested'; url: string | undefined } | { kind: 'not-attested'; why: string }

/** Why this job cannot attest, known without asking anybody; undefined when it can try. */
export function whyNoAttestation({ inActions, hasIdToken, serverUrl, token }: AttestPlace): string | undefined {
  if (!inActions) return 'Nothing is attested outside GitHub Actions, which is what vouches for it.'
  const { hostname, protocol } = new URL(serverUrl)
  if (protocol !== 'https:' || (hostname !== 'github.com' && !hostname.endsWith('.ghe.com'))) {
    return 'Nothing is attested: GitHub Enterprise Server has no attestations.'
  }
  if (!hasIdToken) {
    return 'Nothing is attested: the job has no right to sign. It needs `permissions: id-token: write, attestations: write`, and pull requests from forks never have it.'
  }
  if (token === '')
    return 'Nothing is attested: `github-token` is empty, and only with it can an attestation be stored.'
  return undefined
}

/**
 * Signs that these digests were built by this workflow (SLSA provenance), and stores it with the repository. The job
 * needs nothing but the digests, so it can be one that compiles nothing and runs no foreign code.
 */
export async function attest(options: AttestOptions): Promise<Attested> {
  const { subjects, place, required, log, signal } = options
  const why = whyNoAttestation(place)
  if (why !== undefined) return notAttested(why, required)
  try {
    const { attestationID } = await bounded(sign(subjects, place.token), signal, 'Attesting')
    const url = attestationID && `${place.serverUrl}/${place.repository}/attestations/${attestationID}`
    return { kind: 'attested', url: url || undefined }
  } catch (error) {
    if (error instanceof Cancelled) throw error
    const answer = notAttested(sentenceFor(error), required, error)
    log.finding({ level: 'warning', title: 'Not attested', message: answer.why })
    return answer
  }
}

async function sign(subjects: AttestOptions['subjects'], token: string) {
  // Half a megabyte of certificates and clients: loaded only by the job that signs.
  const { attestProvenance } = await import('@actions/attest')
  return attestProvenance({
    subjects: subjects.map(({ name, sha256 }) => ({ name, digest: { sha256 } })),
    token,
  })
}

function notAttested(why: string, required: boolean, cause?: unknown): Attested & { kind: 'not-attested' } {
  if (required) throw new Failed(why, { cause })
  return { kind: 'not-attested', why }
}

function sentenceFor(error: unknown): string {
  const said = (error instanceof Error ? error.message : String(error)).replace(/\.$/, '')
  if (/Resource not accessible|Failed to persist.*(403|Forbidden)/i.test(said)) {
    return `The attestation could not be stored (${said}): the job needs \`permissions: attestations: write\`.`
  }
  if (/Failed to persist/.test(said)) {
    return `The attestation could not be stored (${said}): GitHub keeps attestations of private repositories only for GitHub Enterprise Cloud.`
  }
  return `Nothing was attested (${said}): Sigstore or GitHub did not answer as they should. Run it again.`
}
