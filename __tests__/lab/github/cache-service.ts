import type { Blobs } from './blobs.ts'
import type { CacheEntries } from './cache-entries.ts'
import type { Links } from './links.ts'
import type { Caller } from './run.ts'
import { type Question, TwirpError, type TwirpMethod } from './twirp.ts'

const LONGEST_KEY = 512
const MOST_KEYS = 10

/** CacheService of GitHub's results API. */
export function cacheService(entries: CacheEntries, blobs: Blobs, links: Links): Record<string, TwirpMethod> {
  return {
    CreateCacheEntry(caller, question) {
      const place = placeOf(caller, question)
      if (place === undefined) return { ok: false, message: `cache write denied: ${WHY_DENIED}` }
      // A reserved key is taken as well: another job may be uploading it right now.
      if (entries.at(place) !== undefined) return { ok: false }
      const { blob } = entries.add({ ...place, blob: blobs.reserve() })
      return { ok: true, signed_upload_url: links.make({ blob, permission: 'cw' }) }
    },

    FinalizeCacheEntryUpload(caller, question) {
      const place = placeOf(caller, question)
      if (place === undefined) return { ok: false, message: `cache write denied: ${WHY_DENIED}` }
      const entry = entries.at(place)
      if (entry === undefined) throw new TwirpError('not_found', 'no cache entry was reserved for this key and version')

      const content = blobs.content(entry.blob)
      const size = question.number('size_bytes')
      if (content === undefined) return { ok: false, message: 'nothing was uploaded for this cache entry' }
      if (content.size !== size) {
        return { ok: false, message: `the upload has ${content.size} bytes, and ${size} were announced` }
      }
      blobs.seal(entry.blob)
      entry.content = content
      return { ok: true, entry_id: String(entry.id) }
    },

    GetCacheEntryDownloadURL(caller, question) {
      if (!caller.scopes.some(({ read }) => read)) {
        throw new TwirpError('permission_denied', `cache read denied: ${WHY_DENIED}`)
      }
      const restoreKeys = question.texts('restore_keys')
      if (restoreKeys.length + 1 > MOST_KEYS) {
        throw new TwirpError('invalid_argument', `restore_keys: at most ${MOST_KEYS} keys with the primary one`)
      }
      const key = keyOf(question)
      for (const restoreKey of restoreKeys) checkKey(restoreKey)
      const found = entries.find(caller, { key, restoreKeys, version: versionOf(question) })
      if (found === undefined) return { ok: false }
      return {
        ok: true,
        signed_download_url: links.make({ blob: found.blob, permission: 'r' }),
        matched_key: found.key,
      }
    },
  }
}

const WHY_DENIED = 'the cache-mode of this run does not permit it'

/** Where this caller writes: its own scope, which is the first. Undefined when it may not write at all. */
function placeOf(caller: Caller, question: Question) {
  const key = keyOf(question)
  const version = versionOf(question)
  const own = caller.scopes.find(({ write }) => write)
  return own && { repository: caller.repository, scope: own.scope, key, version }
}

function keyOf(question: Question): string {
  const key = question.text('key')
  checkKey(key)
  return key
}

function checkKey(key: string): void {
  if (key === '') throw new TwirpError('invalid_argument', 'key must not be empty')
  if (key.length > LONGEST_KEY) throw new TwirpError('invalid_argument', `key has more than ${LONGEST_KEY} characters`)
  if (key.includes(',')) throw new TwirpError('invalid_argument', 'key must not contain commas')
}

function versionOf(question: Question): string {
  const version = question.text('version')
  if (version === '') throw new TwirpError('invalid_argument', 'version must not be empty')
  return version
}
