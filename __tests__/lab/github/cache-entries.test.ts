import { expect, test } from 'vitest'
import { CacheEntries } from './cache-entries.ts'

test('the search passes over a scope that may only be written', () => {
  const entries = new CacheEntries()
  const content = { file: '', size: 0, sha256: '', type: '', etag: '', modified: new Date() }
  for (const scope of ['own', 'base']) {
    entries.add({ repository: 'octo/hello', scope, key: 'k', version: 'v', blob: scope, content })
  }
  const scopes = [
    { scope: 'own', read: false, write: true },
    { scope: 'base', read: true, write: false },
  ]
  const caller = { repository: 'octo/hello', run: 'run-1', job: 'job-1', scopes }
  expect(entries.find(caller, { key: 'k', restoreKeys: [], version: 'v' })?.scope).toBe('base')
})
