import type { IncomingMessage } from 'node:http'
import type { Artifact, Artifacts } from './artifact-service.ts'
import type { Operation } from './faults.ts'
import { answerJson } from './json-answer.ts'
import type { Links } from './links.ts'
import type { RestTokens } from './rest-token.ts'
import type { Visit } from './visit.ts'
import type { WorkflowRun, WorkflowRuns } from './workflow-runs.ts'

/** An answer other than 200 and 302, with GitHub's own words. */
export class RestError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

const ROUTES: readonly { operation: Operation; path: RegExp }[] = [
  { operation: 'GetWorkflowRun', path: /^\/repos\/([^/]+\/[^/]+)\/actions\/runs\/(\d+)$/ },
  { operation: 'ListRunArtifacts', path: /^\/repos\/([^/]+\/[^/]+)\/actions\/runs\/(\d+)\/artifacts$/ },
  { operation: 'DownloadArtifact', path: /^\/repos\/([^/]+\/[^/]+)\/actions\/artifacts\/(\d+)\/zip$/ },
]

export function isRest(path: string): boolean {
  return path.startsWith('/repos/')
}

export function restOperation(path: string): Operation | undefined {
  return ROUTES.find((route) => route.path.test(path))?.operation
}

/** The part of GitHub's REST API that reads runs and their artifacts. */
export class RestService {
  readonly #tokens: RestTokens
  readonly #runs: WorkflowRuns
  readonly #artifacts: Artifacts
  readonly #links: Links

  constructor(tokens: RestTokens, runs: WorkflowRuns, artifacts: Artifacts, links: Links) {
    this.#tokens = tokens
    this.#runs = runs
    this.#artifacts = artifacts
    this.#links = links
  }

  async answer(visit: Visit): Promise<void> {
    const { url, request, response } = visit
    const route = ROUTES.find(({ path }) => path.test(url.pathname))
    if (route === undefined || request.method !== 'GET') throw new RestError(404, 'Not Found')
    const [, repository = '', digits = ''] = route.path.exec(url.pathname) ?? []
    this.#check(request, repository)
    const id = Number(digits)
    switch (route.operation) {
      case 'GetWorkflowRun':
        return answerJson(visit, describedRun(this.#run(repository, id)))
      case 'ListRunArtifacts':
        return answerJson(visit, this.#list(this.#run(repository, id), url.searchParams))
      default:
        response.writeHead(302, { Location: this.#download(repository, id) }).end()
    }
  }

  #check(request: IncomingMessage, repository: string): void {
    const [, token = ''] = /^(?:token|bearer) (.+)$/i.exec(request.headers.authorization ?? '') ?? []
    const rights = this.#tokens.rightsOf(token)
    if (rights === undefined) throw new RestError(401, 'Bad credentials')
    // What a token may not know of is not there.
    if (rights.repository !== repository) throw new RestError(404, 'Not Found')
    if (rights.actions === 'none') throw new RestError(403, 'Resource not accessible by integration')
  }

  #run(repository: string, id: number): WorkflowRun {
    const run = this.#runs.find(repository, id)
    if (run === undefined) throw new RestError(404, 'Not Found')
    return run
  }

  #list(run: WorkflowRun, query: URLSearchParams): Record<string, unknown> {
    const name = query.get('name')
    const all = this.#artifacts
      .list()
      .filter((artifact) => artifact.repository === run.repository && artifact.run === run.run)
      .filter((artifact) => artifact.content !== undefined && (name === null || artifact.name === name))
      .toReversed()
    const size = Math.min(Number(query.get('per_page') ?? 30), 100)
    const start = (Number(query.get('page') ?? 1) - 1) * size
    return {
      total_count: all.length,
      artifacts: all.slice(start, start + size).map((artifact) => describedArtifact(artifact, run)),
    }
  }

  #download(repository: string, id: number): string {
    const artifact = this.#artifacts.list().find((each) => each.repository === repository && each.id === id)
    if (artifact?.content === undefined) throw new RestError(404, 'Not Found')
    if (isExpired(artifact)) throw new RestError(410, 'Artifact has expired')
    return this.#links.make({ blob: artifact.blob, permission: 'r' })
  }
}

function describedRun(run: WorkflowRun): Record<string, unknown> {
  return {
    id: run.id,
    head_sha: run.headSha,
    status: run.status,
    conclusion: run.conclusion,
    repository: { full_name: run.repository },
    head_repository: run.headRepository === null ? null : { full_name: run.headRepository },
  }
}

function describedArtifact(artifact: Artifact, run: WorkflowRun): Record<string, unknown> {
  return {
    id: artifact.id,
    name: artifact.name,
    size_in_bytes: artifact.content?.size,
    digest: `sha256:${artifact.content?.sha256}`,
    expired: isExpired(artifact),
    created_at: artifact.createdAt.toISOString(),
    expires_at: artifact.expiresAt,
    workflow_run: { id: run.id, head_sha: run.headSha },
  }
}

function isExpired({ expiresAt }: Artifact): boolean {
  return expiresAt !== undefined && Date.parse(expiresAt) < Date.now()
}
