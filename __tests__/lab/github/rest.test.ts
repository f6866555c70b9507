import { expect, test } from 'vitest'
import { isRecord, recordsIn } from '../../../src/json/narrow.ts'
import { type Github, startGithub } from './github.ts'
import { artifact, judge } from './judge/toolkit.ts'
import { workplace } from './judge/workplace.ts'

async function get(github: Github, path: string, token = github.restToken()) {
  const response = await fetch(`${github.url}/repos/${path}`, {
    headers: { authorization: `Bearer ${token}` },
    redirect: 'manual',
  })
  const text = await response.text()
  const body: unknown = text === '' ? {} : JSON.parse(text)
  return { status: response.status, location: response.headers.get('location'), body: isRecord(body) ? body : {} }
}

test('the unmodified client takes from another run what was uploaded there, page by page', async () => {
  await using github = await startGithub()
  await using at = await workplace()
  github.runs.add({ id: 7 })
  await at.randomFile('hello', 1000)
  const names = ['a', 'b', 'c']
  await judge(
    at,
    github.env(),
    ...names.map((name) => artifact('uploadArtifact', name, [at.path('hello')], at.workspace)),
  )

  const list = async (query: string) => (await get(github, `octo/hello/actions/runs/7/artifacts?${query}`)).body
  const named = (body: Record<string, unknown>) => recordsIn(body['artifacts']).map(({ name }) => name)
  expect(named(await list(''))).toEqual(['c', 'b', 'a'])
  const second = await list('per_page=2&page=2')
  expect([second['total_count'], named(second)]).toEqual([3, ['a']])
  expect(named(await list('name=b'))).toEqual(['b'])

  const findBy = {
    token: github.restToken(),
    workflowRunId: 7,
    repositoryOwner: 'octo',
    repositoryName: 'hello',
  }
  const { results } = await judge(
    at,
    { GITHUB_API_URL: github.url },
    artifact('getArtifact', 'b', { findBy }),
    artifact('downloadArtifact', 2, { findBy, path: at.path('down') }),
  )
  expect(results[0]?.value).toMatchObject({ artifact: { id: 2, name: 'b' } })
  expect(results[1]?.value).toMatchObject({ digestMismatch: false })
})

test('what a token may not do or know', async () => {
  await using github = await startGithub()
  github.runs.add({ id: 7 })
  const run = 'octo/hello/actions/runs/7'
  expect(await get(github, run)).toMatchObject({ status: 200, body: { id: 7, conclusion: 'success' } })
  expect(await get(github, run, 'ghs_x')).toMatchObject({ status: 401, body: { message: 'Bad credentials' } })
  expect(await get(github, run, github.restToken({ actions: 'none' }))).toMatchObject({ status: 403 })
  expect(await get(github, run, github.restToken({ repository: 'octo/other' }))).toMatchObject({ status: 404 })
  for (const path of ['octo/hello/actions/runs/8', 'octo/hello/actions/artifacts/1/zip', 'octo/hello/nothing', 'octo'])
    expect(await get(github, path), path).toMatchObject({ status: 404 })
})
