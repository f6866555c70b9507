import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { actPart } from '../lab/act/part.ts'
import { type ActRun, runAct } from '../lab/act/run.ts'
import { startGithub } from '../lab/github/github.ts'
import { need } from '../lab/ground/need.ts'
import { apiAndWorker, hello, type MadeProject, madeProject } from '../made-project.ts'

const ROOT = join(import.meta.dirname, '../..')

/** A repository that is both the action and a project which calls its reusable workflow, since act knows no other way. */
function calling(files: Readonly<Record<string, string>>, inputs: Readonly<Record<string, string>> = {}): MadeProject {
  const given = Object.entries(inputs).map(([name, value]) => `      ${name}: ${value}\n`)
  const project = madeProject({
    ...files,
    '.github/workflows/caller.yml': `on: push
jobs:
  deploy:
    uses: $/.github/workflows/deploy.yml
    permissions:
      contents: read
${given.length > 0 ? `    with:\n${given.join('')}` : ''}`,
  })
  for (const part of ['action.yml', 'package.json', 'dist', '.github/workflows/deploy.yml']) {
    cpSync(join(ROOT, part), join(project.folder, part), { recursive: true })
  }
  project.commit()
  return project
}

async function called(project: MadeProject, env: Record<string, string>): Promise<string> {
  const run: ActRun = await runAct({
    repository: project.folder,
    workflow: '.github/workflows/caller.yml',
    event: 'push',
    env,
  })
  const { log } = run
  expect(run.code, log).toBe(0)
  return log
}

/** The digest of the one binary in a stored artifact, by another program's reading of it. */
function storedDigest(file: string): string {
  const bytes = execFileSync('unzip', ['-p', file, 'hello'], { maxBuffer: 1 << 28 })
  return createHash('sha256').update(bytes).digest('hex')
}

test('plan, build and take: the artifact that is passed on is the same bytes', async (context) => {
  need(context, 'act', actPart.whyNot())
  using project = calling(hello())
  await using github = await startGithub()
  const log = await called(project, github.env())
  const [artifact, ...others] = github.artifacts.list()
  expect(others).toEqual([])
  // The taking job pinned the digest that the building job gave as its output, and found it.
  const digest = /Take artifact:hello-\S+@sha256:([0-9a-f]{64})/.exec(log)?.[1]
  expect(digest, log).toBeDefined()
  expect(log).toContain(`sha256 ${digest}`)
  // What was stored is a zip file with the very binary in it.
  expect(storedDigest(artifact?.content?.file ?? '')).toBe(digest)
})

test('what stands only in Cargo.toml drives the matrix and the `if`', async (context) => {
  need(context, 'act', actPart.whyNot())
  using project = calling(apiAndWorker())
  await using github = await startGithub()
  const log = await called(project, github.env())
  expect(github.artifacts.list().map(({ name }) => name.split('-')[0])).toEqual(['api', 'worker'])
  for (const name of ['api', 'worker']) expect(log).toMatch(new RegExp(`${name}: \\d+ bytes, sha256 [0-9a-f]{64}`))
})

test('an input of the workflow wins over Cargo.toml', async (context) => {
  need(context, 'act', actPart.whyNot())
  using project = calling(apiAndWorker(), { package: 'api', artifact: 'none', gates: 'fmt' })
  await using github = await startGithub()
  const log = await called(project, github.env())
  expect(log).toMatch(/Build api for /)
  // The gates ran in a job of their own, before it, and only there.
  const said = log.split('\n').filter((line) => line.startsWith('['))
  const formatted = said.filter((line) => line.includes('Every file is formatted.'))
  expect(formatted.length).toBeGreaterThan(0)
  expect(formatted.filter((line) => !line.startsWith('[deploy/Deploy/check]'))).toEqual([])
  // Nothing was uploaded, so the plan's empty list kept the taking job from running.
  expect(github.artifacts.list()).toEqual([])
  expect(log).not.toMatch(/Take artifact:/)
})
