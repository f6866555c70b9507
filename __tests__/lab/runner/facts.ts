/** What GitHub knows about a run. Each has a default: a push to the default branch of a repository. */
export type Facts = {
  repository: string
  repositoryId: string
  ownerId: string
  defaultBranch: string
  sha: string
  /** In full: refs/heads/…, refs/tags/… or refs/pull/…/merge. */
  ref: string
  refProtected: boolean
  /** Both only for pull requests. */
  headRef: string
  baseRef: string
  /** Of a pull request: the repository that its code comes from. The same one when it is empty. */
  headRepository: string
  eventName: string
  actor: string
  actorId: string
  workflow: string
  job: string
  runId: string
  runNumber: string
  runAttempt: string
  serverUrl: string
  apiUrl: string
  /** What a step with `uses: owner/name@ref` sees of it; both are empty for `uses: ./`. */
  actionRepository: string
  actionRef: string
  /** The webhook's payload; a small true one is made when it is not given. */
  event: Readonly<Record<string, unknown>>
}

const DEFAULTS: Omit<Facts, 'event'> = {
  repository: 'octo-org/hello',
  repositoryId: '700000001',
  ownerId: '600000001',
  defaultBranch: 'main',
  sha: '0123456789abcdef0123456789abcdef01234567',
  ref: 'refs/heads/main',
  refProtected: false,
  headRef: '',
  baseRef: '',
  headRepository: '',
  eventName: 'push',
  actor: 'octocat',
  actorId: '500000001',
  workflow: 'Deploy',
  job: 'deploy',
  runId: '16000000001',
  runNumber: '1',
  runAttempt: '1',
  serverUrl: 'https://github.com',
  apiUrl: 'https://api.github.com',
  actionRepository: '',
  actionRef: '',
}

export function completeFacts(given: Partial<Facts>): Facts {
  const facts = { ...DEFAULTS, ...given }
  const [owner, name] = facts.repository.split('/')
  const event = given.event ?? {
    ref: facts.ref,
    after: facts.sha,
    repository: {
      id: Number(facts.repositoryId),
      name,
      full_name: facts.repository,
      default_branch: facts.defaultBranch,
      owner: { login: owner, id: Number(facts.ownerId) },
    },
    ...(facts.eventName === 'pull_request' && { pull_request: pullRequest(facts) }),
    sender: { login: facts.actor, id: Number(facts.actorId) },
  }
  return { ...facts, event }
}

function pullRequest({ repository, headRepository, headRef, baseRef, defaultBranch }: Omit<Facts, 'event'>) {
  return {
    head: { ref: headRef, repo: { full_name: headRepository || repository } },
    base: { ref: baseRef || defaultBranch, repo: { full_name: repository } },
  }
}

/** The facts as the variables of a step. */
export function factVariables(facts: Facts): Record<string, string> {
  return {
    GITHUB_ACTION_REF: facts.actionRef,
    GITHUB_ACTION_REPOSITORY: facts.actionRepository,
    GITHUB_ACTOR: facts.actor,
    GITHUB_ACTOR_ID: facts.actorId,
    GITHUB_API_URL: facts.apiUrl,
    GITHUB_BASE_REF: facts.baseRef,
    GITHUB_EVENT_NAME: facts.eventName,
    GITHUB_GRAPHQL_URL: `${facts.apiUrl}/graphql`,
    GITHUB_HEAD_REF: facts.headRef,
    GITHUB_JOB: facts.job,
    GITHUB_REF: facts.ref,
    GITHUB_REF_NAME: facts.ref.replace(/^refs\/(heads|tags|pull)\//, ''),
    GITHUB_REF_PROTECTED: String(facts.refProtected),
    GITHUB_REF_TYPE: facts.ref.startsWith('refs/tags/') ? 'tag' : 'branch',
    GITHUB_REPOSITORY: facts.repository,
    GITHUB_REPOSITORY_ID: facts.repositoryId,
    GITHUB_REPOSITORY_OWNER: facts.repository.split('/', 1).join(),
    GITHUB_REPOSITORY_OWNER_ID: facts.ownerId,
    GITHUB_RETENTION_DAYS: '90',
    GITHUB_RUN_ATTEMPT: facts.runAttempt,
    GITHUB_RUN_ID: facts.runId,
    GITHUB_RUN_NUMBER: facts.runNumber,
    GITHUB_SERVER_URL: facts.serverUrl,
    GITHUB_SHA: facts.sha,
    GITHUB_TRIGGERING_ACTOR: facts.actor,
    GITHUB_WORKFLOW: facts.workflow,
    GITHUB_WORKFLOW_REF: `${facts.repository}/.github/workflows/deploy.yml@${facts.ref}`,
    GITHUB_WORKFLOW_SHA: facts.sha,
  }
}
