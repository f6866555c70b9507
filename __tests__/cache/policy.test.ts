import { expect, test } from 'vitest'
import { type CachePolicyFacts, cachePolicy } from '../../src/cache/policy.ts'

const onMain: CachePolicyFacts = {
  setting: 'auto',
  whyNoService: undefined,
  eventName: 'push',
  refType: 'branch',
  ref: 'refs/heads/main',
  defaultBranch: 'main',
  isFork: false,
}
const policy = (more: Partial<CachePolicyFacts> = {}) => {
  const { read, write } = cachePolicy({ ...onMain, ...more })
  return `${read ? 'read' : '-'} ${write ? 'write' : '-'}`
}

test.each<[string, Partial<CachePolicyFacts>, string]>([
  ['a push to the default branch', {}, 'read write'],
  ['its schedule', { eventName: 'schedule' }, 'read write'],
  ['a manual run of it', { eventName: 'workflow_dispatch' }, 'read write'],
  ['another branch', { ref: 'refs/heads/feature' }, 'read -'],
  ['a branch that is called like a part of the default one', { ref: 'refs/heads/x/main' }, 'read -'],
  ['a pull request', { eventName: 'pull_request', ref: 'refs/pull/7/merge' }, 'read -'],
  ['a merge queue', { eventName: 'merge_group', ref: 'refs/heads/gh-readonly-queue/main/pr-7-c0ffee' }, 'read -'],
  ['an unknown default branch', { defaultBranch: undefined }, 'read -'],
  ['foreign code with rights, on the default branch', { eventName: 'pull_request_target' }, 'read -'],
  ['what another workflow started', { eventName: 'workflow_run' }, 'read -'],
  ['a comment', { eventName: 'issue_comment' }, 'read -'],
  ['a tag', { refType: 'tag', ref: 'refs/tags/v1' }, '- -'],
  ['a tag that only its name tells', { refType: undefined, ref: 'refs/tags/v1' }, '- -'],
  ['a manual run of a tag', { eventName: 'workflow_dispatch', refType: 'tag', ref: 'refs/tags/v1' }, '- -'],
  ['a release, whatever it is on', { eventName: 'release' }, '- -'],
  ['a machine without a service', { whyNoService: 'none here' }, '- -'],
])('auto: %s', (_, facts, expected) => {
  expect(policy(facts)).toBe(expected)
})

test('what somebody asks for is done, on a tag too', () => {
  const tag = { refType: 'tag', ref: 'refs/tags/v1', eventName: 'release' } as const
  expect(policy({ ...tag, setting: 'read-write' })).toBe('read write')
  expect(policy({ ...tag, setting: 'read' })).toBe('read -')
  expect(policy({ setting: 'read' })).toBe('read -')
  expect(policy({ setting: 'off' })).toBe('- -')
  expect(policy({ setting: 'read-write', whyNoService: 'none here' })).toBe('- -')
})

test('code of a fork writes nothing, whatever was asked for', () => {
  const fork = { isFork: true, eventName: 'pull_request_target', setting: 'read-write' } as const
  expect(policy(fork)).toBe('read -')
  expect(cachePolicy({ ...onMain, ...fork }).why).toBe('code of a fork writes no cache')
})

test.each([
  ['read', 'read -'],
  ['write', 'read write'],
  ['write-only', '- write'],
  ['none', '- -'],
  [' READ ', 'read -'],
  ['of-tomorrow', 'read write'],
  ['', 'read write'],
])('cache-mode `%s` leaves %s', (cacheMode, expected) => {
  expect(policy({ cacheMode })).toBe(expected)
  expect(policy({ cacheMode, setting: 'read-write', ref: 'refs/heads/x' })).toBe(expected)
})

test('every answer says why', () => {
  expect(cachePolicy({ ...onMain, cacheMode: 'read' }).why).toBe("the workflow's `cache-mode` is `read`")
  expect(cachePolicy({ ...onMain, setting: 'off' }).why).toBe('`cache` is `off`')
  expect(cachePolicy({ ...onMain, eventName: 'issue_comment' }).why).toContain('`issue_comment`')
})
