import { expect, test } from 'vitest'
import { isRecord } from '../../../src/json/narrow.ts'
import { type Github, startGithub } from './github.ts'
import { artifact, type Judged, judge } from './judge/toolkit.ts'
import { MIB, sha256Of, type Workplace, workplace } from './judge/workplace.ts'

// What @actions/artifact, unmodified, makes of the server.

function upload(at: Workplace, name: string, file: string, options: Record<string, unknown> = {}) {
  return artifact('uploadArtifact', name, [at.path(file)], at.workspace, options)
}

function value(judged: Judged, index = 0): Record<string, unknown> {
  const got = judged.results[index]?.value
  if (!isRecord(got)) throw new Error(`no value in ${JSON.stringify(judged.results[index])}\n${judged.log}`)
  return got
}

function onlyContent(github: Github) {
  const [first, ...more] = github.artifacts.list()
  if (first?.content === undefined || more.length > 0) throw new Error('there should be one finalized artifact')
  return first.content
}

for (const size of [1 * MIB, 150 * MIB]) {
  test(`${size / MIB} MB come to another job of the same run, and to no other run`, { timeout: 300_000 }, async () => {
    await using github = await startGithub()
    await using building = await workplace()
    await using deploying = await workplace()
    const sha256 = await building.randomFile('out/hello', size)

    const uploaded = value(await judge(building, github.env(), upload(building, 'hello', 'out/hello')))
    const content = onlyContent(github)
    expect(content.type).toBe('application/zip')
    expect(uploaded).toEqual({ id: 1, size: content.size, digest: content.sha256 })
    expect(await sha256Of(content.file)).toBe(content.sha256)

    const expectedHash = `sha256:${content.sha256}`
    const got = await judge(
      deploying,
      github.env(),
      artifact('listArtifacts'),
      artifact('getArtifact', 'hello'),
      artifact('downloadArtifact', 1, { expectedHash }),
    )
    const described = { name: 'hello', id: 1, size: content.size, digest: expectedHash }
    expect(value(got, 0)).toMatchObject({ artifacts: [described] })
    expect(value(got, 1)).toMatchObject({ artifact: described })
    expect(value(got, 2)).toEqual({ downloadPath: deploying.workspace, digestMismatch: false })
    expect(await sha256Of(deploying.path('out/hello'))).toBe(sha256)

    const elsewhere = await judge(
      deploying,
      github.env({ run: 'run-2' }),
      artifact('listArtifacts'),
      artifact('getArtifact', 'hello'),
      artifact('downloadArtifact', 1),
    )
    expect(value(elsewhere)).toEqual({ artifacts: [] })
    expect(elsewhere.results[1]?.error).toContain('Artifact not found for name: hello')
    expect(elsewhere.results[2]?.error).toContain('No artifacts found for ID: 1')
  })
}

test('each of several artifacts is found by its name and its id, and gone when deleted', async () => {
  await using github = await startGithub()
  await using at = await workplace()
  const one = await at.randomFile('one', 1000)
  const two = await at.randomFile('two', 1000)
  await judge(at, github.env(), upload(at, 'first', 'one'), upload(at, 'second', 'two'))

  const got = await judge(
    at,
    github.env(),
    artifact('getArtifact', 'second'),
    artifact('downloadArtifact', 2, { path: at.path('from-2') }),
    artifact('downloadArtifact', 1, { path: at.path('from-1') }),
    artifact('deleteArtifact', 'first'),
    artifact('getArtifact', 'first'),
    artifact('listArtifacts'),
    upload(at, 'first', 'one'),
  )

  expect(value(got, 0)).toMatchObject({ artifact: { name: 'second', id: 2 } })
  expect(await sha256Of(at.path('from-2/two'))).toBe(two)
  expect(await sha256Of(at.path('from-1/one'))).toBe(one)
  expect(value(got, 3)).toEqual({ id: 1 })
  expect(got.results[4]?.error).toContain('Artifact not found')
  expect(value(got, 5)).toMatchObject({ artifacts: [{ name: 'second' }] })
  expect(value(got, 6)).toMatchObject({ id: 3 })
})

test('a name is taken once in a run', async () => {
  await using github = await startGithub()
  await using at = await workplace()
  await at.randomFile('one', 1000)
  await at.randomFile('two', 1000)

  const got = await judge(at, github.env(), upload(at, 'hello', 'one'), upload(at, 'hello', 'two'))
  expect(value(got)).toMatchObject({ id: 1 })
  expect(got.results[1]?.error).toMatch(/\(409\) Conflict: an artifact with this name already exists/)

  const otherRun = await judge(at, github.env({ run: 'run-2' }), upload(at, 'hello', 'two'))
  expect(value(otherRun)).toMatchObject({ id: 2 })
})

test('a single file goes and comes as it is, under its own name and type', async () => {
  await using github = await startGithub()
  await using at = await workplace()
  const sha256 = await at.randomFile('häßlich report.json', 1000)

  await judge(at, github.env(), upload(at, 'ignored', 'häßlich report.json', { skipArchive: true, retentionDays: 5 }))
  const [stored] = github.artifacts.list()
  expect(stored).toMatchObject({ name: 'häßlich report.json', mimeType: 'application/json' })
  expect(onlyContent(github)).toMatchObject({ type: 'application/json', sha256, size: 1000 })
  expect(Date.parse(stored?.expiresAt ?? '')).toBeGreaterThan(Date.now())

  await judge(at, github.env(), artifact('downloadArtifact', 1, { path: at.path('down') }))
  expect(await sha256Of(at.path('down/häßlich report.json'))).toBe(sha256)
})

test('bytes that changed on the way are told as a mismatch, and only that: the client still calls it a success', async () => {
  await using github = await startGithub()
  await using at = await workplace()
  await at.randomFile('hello', MIB)
  await judge(at, github.env(), upload(at, 'hello', 'hello', { compressionLevel: 0 }))
  const expectedHash = `sha256:${onlyContent(github).sha256}`

  github.faults.set('GetBlob', { kind: 'corrupt' })
  const download = artifact('downloadArtifact', 1, { path: at.path('down'), expectedHash })

  expect(value(await judge(at, github.env(), download))).toMatchObject({ digestMismatch: true })
})

// One that is cut off is tried again too, but only after the 30 seconds in which the client does not notice it.
test('a download that fails is tried again', async () => {
  await using github = await startGithub()
  await using at = await workplace()
  const sha256 = await at.randomFile('hello', MIB)
  await judge(at, github.env(), upload(at, 'hello', 'hello'))
  const expectedHash = `sha256:${onlyContent(github).sha256}`

  github.faults.set('GetBlob', { kind: 'status', status: 503 }, 1)
  const download = artifact('downloadArtifact', 1, { path: at.path('down'), expectedHash })

  expect(value(await judge(at, github.env(), download))).toMatchObject({ digestMismatch: false })
  expect(await sha256Of(at.path('down/hello'))).toBe(sha256)
  expect(github.requests.filter(({ operation }) => operation === 'GetBlob')).toHaveLength(2)
})

test('a service that refuses, resets or is down is an error of the upload, at once', async () => {
  const github = await startGithub()
  const env = github.env()
  await using at = await workplace()
  await at.randomFile('hello', 1000)

  github.faults.set('CreateArtifact', { kind: 'status', status: 403, message: 'not for this run' })
  const refused = await judge(at, env, upload(at, 'hello', 'hello'))
  expect(refused.results[0]?.error).toContain('(403) Forbidden: not for this run')

  github.faults.set('CreateArtifact', { kind: 'reset' })
  const reset = await judge(at, env, upload(at, 'hello', 'hello'))
  expect(reset.results[0]?.error).toContain('Unable to make request: ECONNRESET')
  expect(github.requests.map(({ status }) => status)).toEqual([403, undefined])
  expect(github.artifacts.list()).toEqual([])

  await github[Symbol.asyncDispose]()
  const down = await judge(at, env, upload(at, 'hello', 'hello'))
  expect(down.results[0]?.error).toContain('Unable to make request: ECONNREFUSED')
})
