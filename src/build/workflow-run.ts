import { isRecord, parseRecord, textOf } from '../json/narrow.ts'
import { Cancelled, Failed, Refused } from '../report/ending.ts'
import type { Log } from '../report/log.ts'
import { bounded } from './bounded.ts'

/** What is needed to ask GitHub's API about a run of a repository. */
export type GithubAccess = {
  apiUrl: string
  /** `owner/name` of the repository that we run for: artifacts of no other are taken. */
  repository: string
  token: string
}

export type WorkflowRun = GithubAccess & { id: number }

export type RunCheck = { run: WorkflowRun; log: Log; signal: AbortSignal }

const SILENCE_MS = 30_000

/**
 * Asks what kind of run it was before anything of it is taken. A run of a fork's pull request belongs to this repository
 * too, and its artifacts were made by code that nobody here has accepted.
 */
export async function checkRun({ run, log, signal }: RunCheck): Promise<void> {
  const facts = await askForRun(run, signal)
  const head = isRecord(facts['head_repository']) ? textOf(facts['head_repository']['full_name']) : ''
  if (head.toLowerCase() !== run.repository.toLowerCase()) {
    throw new Refused(
      `\`from\` names the run ${run.id}, which built ${head === '' ? 'a fork that is gone' : head} and not ${run.repository}: what a fork built is not taken.`,
    )
  }
  if (facts['status'] === 'completed' && facts['conclusion'] === 'success') return
  const end = facts['status'] === 'completed' ? `ended with "${textOf(facts['conclusion'])}"` : 'has not ended yet'
  log.finding({
    level: 'warning',
    title: 'Taken from a run that did not succeed',
    message: `The run ${run.id} ${end}: what it built is taken, but not everything in it was green.`,
  })
}

async function askForRun(run: WorkflowRun, signal: AbortSignal): Promise<Record<string, unknown>> {
  const { HttpClient } = await import('@actions/http-client')
  const client = new HttpClient('rust-deploy', [], { socketTimeout: SILENCE_MS, allowRetries: true, maxRetries: 3 })
  const ask = async () => {
    const response = await client.get(`${run.apiUrl}/repos/${run.repository}/actions/runs/${run.id}`, {
      accept: 'application/vnd.github+json',
      authorization: `Bearer ${run.token}`,
      'x-github-api-version': '2022-11-28',
    })
    return { status: response.message.statusCode ?? 0, body: parseRecord(await response.readBody()) }
  }
  const { status, body } = await bounded(ask(), signal).catch((error: unknown) => {
    throw refusedByGithub(error, run)
  })
  if (status !== 200 || body === undefined) {
    throw refusedByGithub(Object.assign(new Error(textOf(body?.['message'])), { status }), run)
  }
  return body
}

/** What an answer of GitHub's API that is no answer means for who wrote the workflow. */
export function refusedByGithub(error: unknown, run: WorkflowRun): Error {
  if (error instanceof Cancelled || error instanceof Failed || error instanceof Refused) return error
  const status = isRecord(error) ? error['status'] : undefined
  const said = error instanceof Error ? error.message.replace(/\.$/, '') : String(error)
  return new Failed(sentenceFor(status, said, run), { cause: error })
}

function sentenceFor(status: unknown, said: string, { id, repository }: WorkflowRun): string {
  if (status === 429 || (status === 403 && /rate limit/i.test(said))) {
    return `GitHub answers no more questions for now (${said}): wait, and run it again.`
  }
  switch (status) {
    case 401:
      return 'GitHub does not accept `github-token`: it is wrong, or has expired.'
    case 403:
      return `\`github-token\` may not read the artifacts of ${repository} (${said}): the job needs \`permissions: actions: read\`.`
    case 404:
      return `There is no run ${id} in ${repository}, or \`github-token\` may not see it: check the number, which stands in the address of the run, and that the job has \`permissions: actions: read\`.`
    case 410:
      return `The artifact of the run ${id} has expired: build it again, or keep artifacts for longer (in the settings of the repository).`
    default:
      return `GitHub could not be asked about the run ${id} (${said || `status ${String(status)}`}): run it again.`
  }
}
