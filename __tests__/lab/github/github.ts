import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { runningFolder } from '../ground/folders.ts'
import { Ownership } from '../ground/owner.ts'
import { giveBack, sweep } from '../ground/release.ts'
import { type Artifact, Artifacts } from './artifact-service.ts'
import { BlobService } from './blob-service.ts'
import { Blobs } from './blobs.ts'
import { CacheEntries, type CacheEntry } from './cache-entries.ts'
import { cacheService } from './cache-service.ts'
import { type Asked, Doors } from './doors.ts'
import { Faults } from './faults.ts'
import { Links } from './links.ts'
import { RestService } from './rest-service.ts'
import { type RestRights, RestTokens } from './rest-token.ts'
import { callerOf, type Run } from './run.ts'
import { tokenFor } from './token.ts'
import { TwirpService } from './twirp-service.ts'
import { WorkflowRuns } from './workflow-runs.ts'

export type GithubOptions = {
  /** How long signed URLs are good. */
  linksLastMs?: number
}

export type Github = AsyncDisposable & {
  url: string
  /** What the runner gives to an action of this job, so that the toolkits find and may use the services. */
  env(run?: Run): Record<string, string>
  /** In the order of their making, with the path of their bytes; those still being uploaded have no content. */
  caches: { list(): readonly CacheEntry[] }
  artifacts: { list(): readonly Artifact[] }
  /** The runs that the REST API at `url` (a job's GITHUB_API_URL) tells of. */
  runs: WorkflowRuns
  /** A `github-token` with these rights. */
  restToken(rights?: RestRights): string
  requests: readonly Asked[]
  faults: Faults
}

/** GitHub's cache service v2, artifact service v4 with the blob storage behind them, and REST API, on loopback. */
export async function startGithub(options: GithubOptions = {}): Promise<Github> {
  await sweep()
  const ownership = new Ownership('github')
  const folder = join(runningFolder(), ownership.id)
  ownership.holds({ kind: 'folder', path: folder })
  mkdirSync(folder, { recursive: true, mode: 0o700 })

  const secret = randomBytes(32)
  // A slow upload and a request that is never answered may take as long as they want.
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 60_000 })
  const url = await listen(server)
  const links = new Links(url, secret, options.linksLastMs ?? 60 * 60 * 1000)
  const blobs = new Blobs(join(folder, 'blobs'))
  const caches = new CacheEntries()
  const artifacts = new Artifacts(blobs, links)
  const runs = new WorkflowRuns()
  const tokens = new RestTokens()
  const twirp = { CacheService: cacheService(caches, blobs, links), ArtifactService: artifacts.service }
  const services = {
    twirp: new TwirpService(secret, twirp),
    blobs: new BlobService(blobs, links),
    rest: new RestService(tokens, runs, artifacts, links),
  }
  const doors = new Doors(services, new Faults())

  const answering = new Set<Promise<void>>()
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const answer = doors.answer(request, response)
    answering.add(answer)
    answer.finally(() => answering.delete(answer))
  })

  return {
    url,
    env(run = {}) {
      return {
        ACTIONS_RESULTS_URL: `${url}/`,
        ACTIONS_RUNTIME_TOKEN: tokenFor(callerOf(run), secret),
        ACTIONS_CACHE_SERVICE_V2: 'True',
        ...(run.cacheMode !== undefined && { ACTIONS_CACHE_MODE: run.cacheMode }),
      }
    },
    caches,
    artifacts,
    runs,
    restToken: (rights) => tokens.issue(rights),
    requests: doors.asked,
    faults: doors.faults,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
      // Uploads that were cut off still have files of the folder open.
      await Promise.allSettled(answering)
      await ownership.release(giveBack)
    },
  }
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (address === null || typeof address === 'string') reject(new Error('the server has no port'))
      else resolve(`http://127.0.0.1:${address.port}`)
    })
  })
}
