import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { uploadArtifact } from '../../../src/build/artifact.ts'
import { sha256Of } from '../../../src/build/digest.ts'
import { parseFrom } from '../../../src/build/from.ts'
import { type TakeOptions, takeBinaries } from '../../../src/build/take.ts'
import { Cancelled, Failed, Refused } from '../../../src/report/ending.ts'
import type { Finding } from '../../../src/report/finding.ts'
import { removeFolder } from '../../remove-folder.ts'
import { type Github, startGithub } from '../github/github.ts'

// What the unmodified client of GitHub makes of another run's artifacts.

let github: Github
let place = ''
let findings: Finding[] = []
let count = 0

const log = { info() {}, output() {}, finding: (finding: Finding) => void findings.push(finding) }
const signal = new AbortController().signal
const SERVER = 'https://github.com'

beforeAll(async () => {
  github = await startGithub()
  place = mkdtempSync(join(tmpdir(), 'rust-deploy-run-'))
  // The client reads where the API is once, when it is loaded.
  Object.assign(process.env, { ...github.env(), GITHUB_API_URL: github.url, GITHUB_WORKSPACE: place })
  for (const name of ['api', 'worker']) await upload(name, `${name}-t`)
  for (const id of [12, 13, 14, 15]) github.runs.add({ id, ...MORE[id] })
})

const MORE: Record<number, Parameters<Github['runs']['add']>[0]> = {
  13: { id: 13, headRepository: 'mallory/hello' },
  14: { id: 14, headRepository: null },
  15: { id: 15, conclusion: 'failure' },
}

afterAll(async () => {
  await github[Symbol.asyncDispose]()
  removeFolder(place)
})

beforeEach(() => {
  findings = []
  github.faults.clear()
})

async function upload(name: string, artifact: string): Promise<void> {
  const path = join(place, 'built', name)
  mkdirSync(join(place, 'built'), { recursive: true })
  writeFileSync(path, `the bytes of ${name}`)
  const archive = join(place, 'built', `${name}-1.0.0-t.tar.gz`)
  writeFileSync(archive, 'an archive')
  const { length: size } = readFileSync(path)
  const sha256 = await sha256Of(path)
  const uploaded = await uploadArtifact({
    name: artifact,
    binaries: [{ package: name, version: '1.0.0', name, target: 't', path, size, sha256 }],
    beside: [{ kind: 'archive', binary: name, path: archive }],
    commit: 'c0ffee',
    scratch: join(place, `upload-${count++}`),
    serverUrl: SERVER,
    log,
    signal,
  })
  expect(findings).toEqual([])
  expect(uploaded?.name).toBe(artifact)
}

function take(from: string, more: Partial<TakeOptions> = {}, rights: Parameters<Github['restToken']>[0] = {}) {
  return takeBinaries({
    from: parseFrom(from),
    directory: place,
    chosen: ['api', 'worker'].map((name) => ({ name, version: '1.0.0', binaries: [name] })),
    commit: 'c0ffee',
    artifacts: ['api-t'],
    github: { apiUrl: github.url, repository: 'octo/hello', token: github.restToken(rights) },
    scratch: join(place, `take-${count++}`),
    serverUrl: SERVER,
    log,
    signal,
    ...more,
  })
}

test('without a name it takes what this run would have made, of every package; with one, that', async () => {
  const [api, worker] = await take('run:12', { artifacts: ['api-t', 'worker-t'] })
  expect(readFileSync(api?.path ?? '', 'utf8')).toBe('the bytes of api')
  expect(readFileSync(worker?.path ?? '', 'utf8')).toBe('the bytes of worker')
  const [named, ...others] = await take(`run:12/worker-t@sha256:${worker?.sha256}`)
  expect(others).toEqual([])
  expect(named).toMatchObject({ package: 'worker', target: 't', sha256: worker?.sha256 })
  expect(findings).toEqual([])
  await expect(take(`run:12@sha256:${'0'.repeat(64)}`)).rejects.toThrow('is not the one that `from` pins')
})

test.each([
  ['a run that is not there', 'run:99', {}, 'There is no run 99 in octo/hello'],
  [
    'an artifact that is not there',
    'run:12/nothing',
    {},
    'has no artifact nothing; it has worker-t, api-t: name one with `run:12/<name>`',
  ],
  ['no right', 'run:12', { actions: 'none' }, 'needs `permissions: actions: read`'],
  ['a token for another repository', 'run:12', { repository: 'octo/other' }, '`github-token` may not see it'],
] as const)('%s is a sentence', async (_, from, rights, message) => {
  await expect(take(from, {}, rights)).rejects.toThrow(Failed)
  await expect(take(from, {}, rights)).rejects.toThrow(message)
})

test('a token that GitHub does not know', async () => {
  const access = { apiUrl: github.url, repository: 'octo/hello', token: 'ghs_wrong' }
  await expect(take('run:12', { github: access })).rejects.toThrow('it is wrong, or has expired')
})

test('what a fork built is refused before a byte of it is here, and a run that failed is told', async () => {
  const before = github.requests.length
  await expect(take('run:13')).rejects.toThrow(Refused)
  await expect(take('run:13')).rejects.toThrow('built mallory/hello and not octo/hello')
  await expect(take('run:14')).rejects.toThrow('a fork that is gone')
  expect(github.requests.slice(before).map(({ operation }) => operation)).toEqual(
    Array.from({ length: 3 }, () => 'GetWorkflowRun'),
  )
  await take('run:15')
  expect(findings).toMatchObject([{ level: 'warning', message: expect.stringContaining('ended with "failure"') }])
})

test('another commit than the one that is checked out is not taken', async () => {
  await expect(take('run:12', { commit: 'decaf' })).rejects.toThrow(
    'built from the commit c0ffee, but decaf is checked out: check out the commit that was built.',
  )
})

test('bytes that changed on the way are not taken', async () => {
  github.faults.set('GetBlob', { kind: 'corrupt' })
  await expect(take('run:12')).rejects.toThrow(/damaged|could not be downloaded|is not the one that was built/)
})

test('a rate limit and a broken answer are sentences, and a stop is heard at once', async () => {
  github.faults.set('GetWorkflowRun', { kind: 'status', status: 403, message: 'API rate limit exceeded for 1.2.3.4.' })
  await expect(take('run:12')).rejects.toThrow('(API rate limit exceeded for 1.2.3.4): wait, and run it again.')
  github.faults.set('GetWorkflowRun', { kind: 'garbage' })
  await expect(take('run:12')).rejects.toThrow('GitHub could not be asked about the run 12 (status 200)')
  github.faults.set('GetWorkflowRun', { kind: 'hang' })
  const stop = new AbortController()
  const taking = take('run:12', { signal: stop.signal })
  const before = github.requests.length
  await expect.poll(() => github.requests.length).toBeGreaterThan(before)
  stop.abort()
  await expect(taking).rejects.toThrow(Cancelled)
})

test('an answer that failed once is asked for again', async () => {
  github.faults.set('GetWorkflowRun', { kind: 'status', status: 502 }, 1)
  github.faults.set('ListRunArtifacts', { kind: 'status', status: 503 }, 1)
  expect(await take('run:12')).toHaveLength(1)
})

test('an artifact that has expired says so', async () => {
  const [api] = github.artifacts.list()
  if (api === undefined) throw new Error('nothing was uploaded')
  const { expiresAt } = api
  api.expiresAt = '2020-01-01T00:00:00Z'
  await expect(take('run:12')).rejects.toThrow('The artifact of the run 12 has expired: build it again')
  if (expiresAt === undefined) delete api.expiresAt
  else api.expiresAt = expiresAt
})
