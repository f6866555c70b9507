import { readFileSync } from 'node:fs'
import { isRecord, parseRecord, textOf } from './json/narrow.ts'
import type { Event } from './pipeline/facts.ts'
import type { Environment } from './process/environment.ts'

/** What set this run off, as GitHub tells a step. On a laptop all of it is empty. */
export function eventOf(environment: Environment): Event {
  const payload = payloadOf(environment['GITHUB_EVENT_PATH'])
  const repository = record(payload['repository'])
  const head = record(record(payload['pull_request'])['head'])
  const headRepository = record(head['repo'])
  const refType = environment['GITHUB_REF_TYPE']
  return {
    name: environment['GITHUB_EVENT_NAME'] ?? '',
    ref: environment['GITHUB_REF'] ?? '',
    refType: refType === 'tag' || refType === 'branch' ? refType : undefined,
    defaultBranch: textOf(repository['default_branch']) || undefined,
    // A fork that was deleted meanwhile has no repository any more.
    isFork:
      payload['pull_request'] !== undefined && textOf(headRepository['full_name']) !== textOf(repository['full_name']),
  }
}

function payloadOf(path: string | undefined): Record<string, unknown> {
  if (!path) return {}
  try {
    return parseRecord(readFileSync(path, 'utf8')) ?? {}
  } catch {
    // Other runners name a file that is not there.
    return {}
  }
}

function record(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {}
}
