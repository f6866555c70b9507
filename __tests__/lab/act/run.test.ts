import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { abandoned, isThere } from '../ground/abandoned.ts'
import { ownedFolder, runningFolder } from '../ground/folders.ts'
import { need } from '../ground/need.ts'
import { processId } from '../ground/owner.ts'
import { sweep } from '../ground/release.ts'
import { fixtureRepository, planJob } from './fixture-repository.ts'
import type { ActJob, ActStep } from './log.ts'
import { actPart } from './part.ts'
import { whyNoAct } from './program.ts'
import { type ActOptions, type ActRun, runAct } from './run.ts'

beforeEach((context) => need(context, 'act', whyNoAct()))

/** Runs one workflow of a fixture repository. */
async function runWorkflow(
  jobs: string,
  options: Partial<ActOptions> = {},
  others: Record<string, string> = {},
): Promise<ActRun> {
  await using repository = await fixtureRepository({
    ci: `name: CI\non: [push, workflow_dispatch]\njobs:${jobs}\n`,
    ...others,
  })
  return await runAct({
    repository: repository.folder,
    workflow: '.github/workflows/ci.yml',
    event: 'push',
    ...options,
  })
}

function results({ jobs }: ActRun): Record<string, ActJob['result']> {
  return Object.fromEntries(jobs.map(({ name, result }) => [name, result]))
}

function stepOf({ jobs, log }: ActRun, job: string, id: string, stage: ActStep['stage'] = 'Main'): ActStep {
  const found = jobs.find(({ name }) => name === job)?.steps.find((step) => step.id === id && step.stage === stage)
  if (found === undefined) throw new Error(`there is no ${stage} of ${id} in ${job}:\n${log}`)
  return found
}

const REUSABLE = `name: Reusable
on:
  workflow_call:
    inputs:
      who: { type: string }
      unset: { type: string }
    secrets:
      KEY: { required: false }
      NOT_GIVEN: { required: false }
    outputs:
      said: { value: '\${{ jobs.say.outputs.said }}' }
jobs:
  say:
    runs-on: ubuntu-latest
    outputs: { said: '\${{ steps.say.outputs.said }}' }
    steps:
      - id: say
        env: { KEY: '\${{ secrets.KEY }}' }
        run: |
          echo "the key is $KEY, \${#KEY} characters"
          echo "said=\${{ inputs.who }}[\${{ inputs.unset }}\${{ secrets.NOT_GIVEN }}]" >> "$GITHUB_OUTPUT"
`

test('outputs of the first job drive a matrix and conditions; a reusable workflow takes inputs and secrets and gives outputs', async () => {
  const run = await runWorkflow(
    `${planJob('hello')}
  build:
    needs: plan
    if: \${{ fromJSON(needs.plan.outputs.plan).builds[0] }}
    strategy: { matrix: { include: '\${{ fromJSON(needs.plan.outputs.plan).builds }}' } }
    runs-on: ubuntu-latest
    steps:
      - run: echo "builds \${{ matrix.name }}, only one \${{ fromJSON(needs.plan.outputs.plan).builds[1] == null }}"
  never:
    needs: plan
    if: \${{ fromJSON(needs.plan.outputs.plan).none[0] }}
    strategy: { matrix: { include: '\${{ fromJSON(needs.plan.outputs.plan).none }}' } }
    runs-on: ubuntu-latest
    steps:
      - run: echo never
  call:
    needs: [plan, build]
    uses: $/.github/workflows/reusable.yml
    with: { who: '\${{ fromJSON(needs.plan.outputs.plan).builds[1].name }}' }
    secrets: { KEY: '\${{ secrets.KEY }}' }
  after:
    needs: call
    runs-on: ubuntu-latest
    steps:
      - run: echo "\${{ needs.call.result }}, it said \${{ needs.call.outputs.said }}"
      - if: false
        run: echo never`,
    { secrets: { KEY: 'opensesame' } },
    { reusable: REUSABLE },
  )
  expect(run.code, run.log).toBe(0)
  expect(results(run)).toMatchObject({
    'CI/plan': 'success',
    'CI/build-1': 'success',
    'CI/build-2': 'success',
    'CI/never': 'skipped',
    'call/Reusable/say': 'success',
    'CI/after': 'success',
  })
  expect(stepOf(run, 'CI/plan', 'plan')).toMatchObject({
    result: 'success',
    outputs: { plan: expect.stringContaining('"builds"') },
    summary: '# Planned\n',
    log: expect.arrayContaining(['main says hello on node 24']),
  })
  expect(stepOf(run, 'CI/plan', 'plan', 'Post').log).toEqual(['post remembers hello'])
  expect(run.jobs.filter(({ id }) => id === 'build').map(({ matrix }) => matrix)).toEqual(
    expect.arrayContaining([{ name: 'api' }, { name: 'worker' }]),
  )
  expect(run.log).toContain('builds worker, only one false')
  expect(stepOf(run, 'call/Reusable/say', 'say').log).toEqual(['the key is ***, 10 characters'])
  expect(stepOf(run, 'CI/after', '0').log).toEqual(['success, it said worker[]'])
  expect(stepOf(run, 'CI/after', '1').result).toBe('skipped')
  expect(run.log).not.toContain('opensesame')
})

test('a step that fails fails the run; what needs its job is skipped, what waits for a failure runs, and so does its post', async () => {
  const run = await runWorkflow(`${planJob('fail')}
      - { id: rest, run: echo never }
      - { id: always, if: always(), run: echo still }
  next: { needs: plan, runs-on: ubuntu-latest, steps: [{ run: echo never }] }
  last: { needs: next, if: '\${{ failure() }}', runs-on: ubuntu-latest, steps: [{ run: echo told }] }`)
  expect(run.code).toBe(1)
  expect(results(run)).toEqual({ 'CI/plan': 'failure', 'CI/next': 'skipped', 'CI/last': 'success' })
  expect(stepOf(run, 'CI/plan', 'plan').result).toBe('failure')
  expect(stepOf(run, 'CI/plan', 'rest').result).toBe('skipped')
  expect(stepOf(run, 'CI/plan', 'always').result).toBe('success')
  expect(stepOf(run, 'CI/plan', 'plan', 'Post').log).toEqual(['post remembers fail'])
  expect(run.log).toContain("Job 'plan' failed")
})

test('a workflow that act cannot read is an ending that says so', async () => {
  const run = await runWorkflow(`
  broken: { runs-on: ubuntu-latest, steps: [{ uses: ./, run: echo both }] }`)
  expect(run.code).toBe(1)
  expect(run.log).toMatch(/cannot contain both run and uses keys|Invalid/i)
})

describe('what a step sees', () => {
  test('the variables that the caller gives and the place of Rust, but nothing else of this process', async () => {
    process.env['LAB_SECRET_OF_THE_USER'] = 'leaked'
    const run = await runWorkflow(planJob('hello'), { env: { ACTIONS_RESULTS_URL: 'http://127.0.0.1:1/' } })
    delete process.env['LAB_SECRET_OF_THE_USER']
    const line = stepOf(run, 'CI/plan', 'plan').log.find((text) => text.startsWith('environment ')) ?? ''
    const env: Record<string, unknown> = JSON.parse(line.slice('environment '.length))
    expect(env).toMatchObject({
      ACTIONS_RESULTS_URL: 'http://127.0.0.1:1/',
      CI: 'true',
      GITHUB_REF: 'refs/heads/main',
      GITHUB_REPOSITORY: 'org/repository',
      GITHUB_SERVER_URL: 'https://github.com',
    })
    expect(Object.keys(env)).not.toContain('LAB_SECRET_OF_THE_USER')
    expect(Object.keys(env)).not.toContain('ACTIONS_CACHE_URL')
    expect(Object.keys(env)).not.toContain('GITHUB_TOKEN')
    expect(env['HOME']).not.toBe(homedir())
  })

  test('the event that was asked for, with its inputs and its ref', async () => {
    const step = `
  show:
    runs-on: [self-hosted, big]
    steps:
      - run: echo "\${{ github.ref }} \${{ github.ref_type }} [\${{ inputs.where }}] \${{ github.event.repository.default_branch }} \${{ github.event.x }}"`
    const tag = await runWorkflow(step, { labels: ['big'], eventPayload: { ref: 'refs/tags/v1.2', x: 'y' } })
    expect(stepOf(tag, 'CI/show', '0').log).toEqual(['refs/tags/v1.2 tag [] main y'])

    await using repository = await fixtureRepository({
      ci: `name: CI\non:\n  workflow_dispatch:\n    inputs: { where: { type: string } }\njobs:${step}\n`,
    })
    const asked = await runAct({
      repository: repository.folder,
      workflow: '.github/workflows/ci.yml',
      event: 'workflow_dispatch',
      inputs: { where: 'staging' },
      eventPayload: { ref: 'refs/heads/feature', repository: { full_name: 'a/b', default_branch: 'trunk' } },
      labels: ['big'],
    })
    expect(stepOf(asked, 'CI/show', '0').log).toEqual(['refs/heads/feature branch [staging] trunk'])
  })

  test('the files that git does not ignore, with one commit; the repository itself stays as it was', async () => {
    await using repository = await fixtureRepository({
      ci: `name: CI
on: push
jobs:${planJob('hello')}
      - id: files
        run: |
          git ls-files && git status --short && git rev-parse --verify HEAD && echo "$GITHUB_SHA"
          ls -A1 && cat .env`,
    })
    repository.write('.gitignore', 'target/\n*.log\n')
    repository.write('target/debug/app', 'big')
    repository.write('now.log', 'noise')
    repository.write('.env', 'GREETING=from the repository\n')
    const workflow = join(repository.folder, '.github/workflows/ci.yml')
    const before = readFileSync(workflow, 'utf8')
    const run = await runAct({ repository: repository.folder, workflow: '.github/workflows/ci.yml', event: 'push' })
    expect(run.code, run.log).toBe(0)
    expect(readFileSync(workflow, 'utf8')).toBe(before)
    const { log } = stepOf(run, 'CI/plan', 'files')
    const tracked = ['.env', '.github/workflows/ci.yml', '.gitignore', 'action.yml', 'dist/main.js', 'dist/post.js']
    expect(log.slice(0, 6)).toEqual(tracked)
    expect(log[6]).toMatch(/^[0-9a-f]{40}$/)
    expect(log[7]).toBe(log[6])
    expect(log.slice(8)).toEqual([
      '.env',
      '.git',
      '.github',
      '.gitignore',
      'action.yml',
      'dist',
      'GREETING=from the repository',
    ])
    expect(stepOf(run, 'CI/plan', 'plan').log.join('\n')).not.toContain('from the repository')
  })
})

/** When one of these fails after act was updated, it has come closer to GitHub: then workflows may say more. */
test('where act differs from GitHub', async () => {
  const run = await runWorkflow(`${planJob('hello')}
  nulls:
    needs: plan
    if: \${{ fromJSON(needs.plan.outputs.plan).none[0] != null }}
    runs-on: ubuntu-latest
    steps: [{ run: 'true' }]
  empty:
    needs: plan
    strategy: { matrix: { include: '\${{ fromJSON(needs.plan.outputs.plan).none }}' } }
    runs-on: ubuntu-latest
    steps: [{ run: 'echo "empty is [\${{ matrix.name }}]"' }]
  legs:
    needs: plan
    strategy: { matrix: { wait: [1, 0] } }
    runs-on: ubuntu-latest
    outputs: { slept: '\${{ steps.sleep.outputs.slept }}' }
    steps: [{ id: sleep, run: 'sleep \${{ matrix.wait }}; echo slept=\${{ matrix.wait }} >> $GITHUB_OUTPUT' }]
  after: { needs: legs, runs-on: ubuntu-latest, steps: [{ run: 'echo \${{ needs.legs.outputs.slept }}' }] }`)
  expect(run.code, run.log).toBe(0)
  // null is not unequal to null, so this job has no reason to run.
  expect(results(run)['CI/nulls']).toBe('success')
  // An empty matrix is an error.
  expect(stepOf(run, 'CI/empty', '0').log).toEqual(['empty is []'])
  // The leg that ends last gives the outputs of its job.
  expect(stepOf(run, 'CI/after', '0').log).toEqual(['0'])
  // The output of a step goes through a pipe.
  expect(stepOf(run, 'CI/plan', 'plan').log.join('\n')).toContain('"terminal":true')
})

describe('what is left of it', () => {
  test('nothing, neither here nor in the home of the user', async () => {
    const mine = `act-${process.pid.toString(36)}`
    const left = () =>
      [runningFolder(), ownedFolder()].flatMap((path) => readdirSync(path)).filter((name) => name.startsWith(mine))
    const homes = ['.cache/act', '.cache/actcache', '.config/act'].map((path) => join(homedir(), path))
    const before = homes.map((path) => existsSync(path))
    await runWorkflow(planJob('fail'))
    expect(left()).toEqual([])
    expect(homes.map((path) => existsSync(path))).toEqual(before)
  })

  test('a run that takes too long is ended with its steps', async () => {
    const jobs = `
  slow: { runs-on: ubuntu-latest, steps: [{ run: 'echo "i am $$"; sleep 1000' }] }`
    const error = await runWorkflow(jobs, { timeoutMs: 3000 }).catch((reason: unknown) => String(reason))
    expect(error).toContain('.github/workflows/ci.yml did not end within 3000 ms')
    const pid = Number(/i am (\d+)/.exec(String(error))?.[1])
    expect(pid).toBeGreaterThan(1)
    // The step loses its terminal when act ends, and is told so by the kernel.
    await vi.waitFor(() => expect(processId(pid)).toBeUndefined(), 5000)
  })

  test('when its owner was killed with SIGKILL, the next sweep ends it and removes its folder', async () => {
    await using repository = await fixtureRepository({
      ci: "name: CI\non: push\njobs: { slow: { runs-on: ubuntu-latest, steps: [{ run: 'sleep 1000' }] } }\n",
    })
    const options = { repository: repository.folder, workflow: '.github/workflows/ci.yml', event: 'push' }
    const holdings = await abandoned(`
      import { readdirSync } from 'node:fs'
      import { runningFolder } from ${JSON.stringify(join(import.meta.dirname, '../ground/folders.ts'))}
      import { runAct } from ${JSON.stringify(join(import.meta.dirname, 'run.ts'))}
      const mine = () => readdirSync(runningFolder()).find((name) => name.startsWith('act-' + process.pid.toString(36)))
      // The step runs once act has made its cache.
      const timer = setInterval(() => {
        if (mine() !== undefined && readdirSync(runningFolder() + '/' + mine()).includes('cache')) {
          clearInterval(timer)
          console.log('it runs')
        }
      }, 50)
      await runAct(${JSON.stringify(options)})`)
    expect(holdings.map(({ kind }) => kind)).toEqual(['folder', 'process'])
    await sweep()
    expect(holdings.filter(isThere)).toEqual([])
  })
})

test('a developer is told where it is and how it is called', async () => {
  await actPart.prepare()
  await using shown = await actPart.show([])
  expect(existsSync(shown.lines[0] ?? '')).toBe(true)
  expect(shown.lines.join('\n')).toContain('--platform ubuntu-latest=-self-hosted')
})
