import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { OWN_OF_JOB } from '../../scripts/generate/workflow.ts'
import { outputs } from '../../src/settings/outputs.ts'
import { groups, names } from '../../src/settings/table.ts'

const folder = '.github/workflows'
const files = readdirSync(folder)

type Step = { uses?: string; run?: string; with?: Record<string, string> }
type Job = { permissions?: Record<string, string>; 'timeout-minutes'?: number; steps?: Step[] }
type Workflow = {
  permissions?: object
  jobs: Record<string, Job>
  on: { workflow_call?: { inputs: Record<string, object> } }
}

const textOf = (file: string) => readFileSync(join(folder, file), 'utf8')
const workflowOf = (file: string) => parse(textOf(file)) as Workflow

test.each(files)("%s passes GitHub's own parser", async (file) => {
  const { context, value } = parseWorkflow({ name: file, content: textOf(file) }, new NoOperationTraceWriter())
  if (value === undefined) throw new Error(`${file} is no workflow`)
  await convertWorkflowTemplate(context, value)
  expect(context.errors.getErrors().map((error) => error.message)).toEqual([])
})

test.each(files)('%s: pinned, with least rights and an end, and no expression in a script', (file) => {
  const workflow = workflowOf(file)
  expect(workflow.permissions).toEqual({})
  for (const [name, job] of Object.entries(workflow.jobs)) {
    expect(job.permissions, name).toEqual({ contents: 'read' })
    expect(job['timeout-minutes'], name).toBeGreaterThan(0)
    for (const { uses, run } of job.steps ?? []) {
      if (uses !== undefined) expect(uses).toMatch(/^(\$\/|\.\/|[\w-]+\/[\w-]+@[0-9a-f]{40})$/)
      expect(run ?? '').not.toContain('${{')
    }
  }
  // A reader sees which version a digest is.
  for (const line of textOf(file).split('\n')) {
    if (/uses: .*@[0-9a-f]{40}/.test(line)) expect(line).toMatch(/# v\d+\.\d+\.\d+$/)
  }
})

test('every input of the reusable workflow is a string and reaches the step', () => {
  const { on, jobs } = workflowOf('deploy.yml')
  const inputs = on.workflow_call?.inputs ?? {}
  for (const [name, input] of Object.entries(inputs)) {
    expect(input, name).toMatchObject({ type: 'string', required: false })
    expect(input).not.toHaveProperty('default')
  }
  for (const [job, { steps = [] }] of Object.entries(jobs)) {
    const given = steps.find(({ uses }) => uses === '$/')?.with ?? {}
    const passed = Object.keys(inputs).filter((name) => given[name] === `\${{ inputs.${name} }}`)
    expect([job, passed]).toEqual([
      job,
      Object.keys(inputs).filter((name) => !OWN_OF_JOB[job]?.some((own) => own === name)),
    ])
  }
  // What is no input of the workflow is set by its own jobs.
  const missing = names.filter((name) => !(name in inputs))
  expect(missing).toEqual(['command', 'dry-run', 'from', 'attest', 'cargo-git-token', 'github-token'])
})

test('action.yml has the settings of the table, and no default that would win over Cargo.toml', () => {
  const action = parse(readFileSync('action.yml', 'utf8'))
  expect(Object.keys(action.inputs)).toEqual(names)
  const defaults = names.flatMap((name) =>
    'default' in action.inputs[name] ? [[name, action.inputs[name].default]] : [],
  )
  expect(defaults).toEqual([['github-token', expect.stringContaining('github.token')]])
  expect(Object.keys(action.outputs)).toEqual(Object.keys(outputs))
  expect(action.runs).toEqual({ using: 'node24', main: 'dist/main.js', post: 'dist/post.js' })
})

test('--help lists every setting, by group and in 80 columns', () => {
  const help = execFileSync(process.execPath, ['dist/cli.js', '--help'], { encoding: 'utf8' })
  for (const name of names) expect(help).toContain(`  --${name}`)
  for (const title of Object.values(groups)) expect(help).toContain(`${title}:\n`)
  for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
})
