import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readFacts } from '../../../src/servers/preflight/facts.ts'
import { judgeHost } from '../../../src/servers/preflight/judge.ts'
import { preflightParameters } from '../../../src/servers/preflight/parameters.ts'
import type { Wanted } from '../../../src/servers/preflight/wanted.ts'
import type { HostEvent } from '../../../src/servers/protocol/events.ts'

function fact(name: string, value: string, more: Record<string, string> = {}): HostEvent {
  return { event: 'fact', name, value, ...more }
}

const WANTED: Wanted = {
  ...{ app: 'app', user: 'deploy', units: ['app'], bytes: 1, files: 1, machine: 'x86_64', now: 0 },
  ...{ libc: { kind: 'glibc', version: '2.17' }, health: 'http' },
}

test('what was not told is unknown, and what is no number is none', () => {
  expect(readFacts([])).toMatchObject({
    ...{
      user: '',
      machine: '',
      clock: undefined,
      glibc: undefined,
      selinux: 'off',
      conf: undefined,
      current: undefined,
    },
    ...{ disk: { freeBytes: undefined, freeInodes: undefined }, sudo: undefined, health: undefined, frozen: undefined },
  })
  const events = [
    fact('clock', 'noon'),
    fact('glibc', '2.36; rm -rf /'),
    fact('disk', '/srv', { blocks: '1e9', block_bytes: '4096', inodes: '', all_inodes: '7' }),
    fact('selinux', 'maybe'),
    fact('release', 'x', { sha256: 'AB' }),
    fact('guard', 'newest', { there: 'perhaps' }),
    { event: 'other', name: 'user', value: 'root' },
  ]
  expect(readFacts(events)).toMatchObject({
    ...{ user: '', clock: undefined, glibc: undefined, selinux: 'off', releases: [{ id: 'x', sha256: undefined }] },
    ...{ disk: { freeBytes: undefined, freeInodes: undefined }, guard: { isThere: false, version: undefined } },
  })
})

test('a file system that counts no inodes has none to run out of', () => {
  const disk = fact('disk', '/srv', { blocks: '2', block_bytes: '4096', inodes: '0', all_inodes: '0' })
  expect(readFacts([disk]).disk).toEqual({ path: '/srv', freeBytes: 8192, freeInodes: undefined })
})

test('of a conf the first line of a name counts, as for the scripts', () => {
  const lines = ['units=app', 'units=other', 'no line', '=x', 'note=a=b'].map((line) => fact('conf', line))
  const { conf } = readFacts([fact('conf-file', '/x', { there: 'yes' }), ...lines])
  expect(conf).toEqual(
    new Map([
      ['units', 'app'],
      ['note', 'a=b'],
    ]),
  )
})

test('whatever a host tells, it is judged, in sentences of one line', () => {
  const names = [
    ...['user', 'machine', 'missing', 'disk', 'mount', 'folder', 'conf-file', 'conf', 'guard', 'systemd', 'unit'],
    ...['current', 'release', 'lease', 'undecided', 'frozen', 'sudo', 'sudo-line', 'health', 'clock', 'selinux'],
  ]
  const keys = ['there', 'writable', 'load', 'active', 'starts', 'running', 'allowed', 'said', 'seconds', 'owner']
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('yes', 'loaded', '0', 'units=app', 'format=1'))
  const events = fc.array(
    fc
      .tuple(fc.constantFrom(...names), text, fc.dictionary(fc.constantFrom(...keys), text))
      .map(([name, value, more]) => {
        return fact(name, value, more)
      }),
  )
  fc.assert(
    fc.property(events, (told) => {
      for (const { sentence } of judgeHost(readFacts(told), WANTED)) expect(sentence).not.toMatch(/[\x00-\x1f\x7f]/)
    }),
    { numRuns: 100 },
  )
})

test('the lines of sudo are parameters by number', () => {
  expect(preflightParameters(['a b', 'c'])).toEqual({ lines: '2', line_1: 'a b', line_2: 'c' })
})
