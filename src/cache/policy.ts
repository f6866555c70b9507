export type CacheSetting = 'auto' | 'read-write' | 'read' | 'off'

/** What the event says of this run, as far as caches care. */
export type CachePolicyFacts = {
  setting: CacheSetting
  /** Why there is no service to ask; undefined where there is one. Only GitHub Actions, and what imitates it, has one. */
  whyNoService: string | undefined
  /** `GITHUB_EVENT_NAME`; of a called workflow it is the caller's. */
  eventName: string
  refType: 'branch' | 'tag' | undefined
  /** The whole name, as in `GITHUB_REF`. */
  ref: string
  /** The short name; undefined where the event does not tell it. */
  defaultBranch: string | undefined
  /** Whether the code, or whoever asked for the run, comes from a fork. */
  isFork: boolean
  /** `ACTIONS_CACHE_MODE`: what the workflow's `cache-mode` left of the token's rights. Absent on older runners. */
  cacheMode?: string | undefined
}

export type CachePolicy = { read: boolean; write: boolean; why: string }

/** Whether this run may read caches and write them. */
export function cachePolicy(facts: CachePolicyFacts): CachePolicy {
  if (facts.setting === 'off') return off('`cache` is `off`')
  if (facts.whyNoService !== undefined) return off(facts.whyNoService)
  return narrowed(facts.setting === 'auto' ? automatic(facts) : asked(facts.setting), facts)
}

function automatic({ eventName, refType, ref, defaultBranch }: CachePolicyFacts): CachePolicy {
  // Whoever can write a cache could put code into what is released: it is worth a build from nothing.
  if (eventName === 'release' || refType === 'tag' || ref.startsWith('refs/tags/')) {
    return off('a release is built from nothing, so that no cache can reach it')
  }
  if (eventName === 'merge_group') return readOnly('nobody else could read a cache of a merge queue')
  if (defaultBranch === undefined || ref !== `refs/heads/${defaultBranch}`) {
    return readOnly('only the default branch writes caches, which all others read')
  }
  // Others (pull_request_target, workflow_run, issue_comment …) run on the default branch too, often with foreign code.
  if (!OWN_EVENTS.includes(eventName)) return readOnly(`what \`${eventName}\` runs may be of somebody else`)
  return { read: true, write: true, why: 'this is the default branch' }
}

/** Events of the default branch that only people with the right to push to it, or its own schedule, bring about. */
const OWN_EVENTS: readonly string[] = ['push', 'schedule', 'workflow_dispatch', 'repository_dispatch']

function asked(setting: 'read-write' | 'read'): CachePolicy {
  return { read: true, write: setting === 'read-write', why: `\`cache\` is \`${setting}\`` }
}

/** What neither a setting nor we can permit. A mode that nobody knows forbids nothing. */
function narrowed(policy: CachePolicy, { isFork, cacheMode }: CachePolicyFacts): CachePolicy {
  const mode = cacheMode?.trim().toLowerCase() ?? ''
  const read = policy.read && mode !== 'none' && mode !== 'write-only'
  const write = policy.write && mode !== 'none' && mode !== 'read' && !isFork
  if (read === policy.read && write === policy.write) return policy
  const why = policy.write && isFork ? 'code of a fork writes no cache' : `the workflow's \`cache-mode\` is \`${mode}\``
  return { read, write, why }
}

function off(why: string): CachePolicy {
  return { read: false, write: false, why }
}

function readOnly(why: string): CachePolicy {
  return { read: true, write: false, why }
}
