import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { need } from '../ground/need.ts'
import { fixtureAction } from './fixture-action.ts'
import { runnerPart } from './part.ts'
import type { StepResult } from './phase.ts'
import { type RunnerOptions, type StepOptions, startRunner } from './runner.ts'

beforeEach((context) => need(context, 'runner', runnerPart.whyNot()))
afterEach(() => {
  vi.unstubAllEnvs()
})

const INPUTS = `
  package:
    description: no default
    required: true
  two words:
    default: spaced
  with-hyphen:
    default: 24
  flag:
    default: true
  github-token:
    default: \${{ github.token }}
  label:
    default: \${{ github.ref_name }} on \${{runner.os}}
  old:
    deprecationMessage: use package`

type Seen = { env: Record<string, string>; cwd: string; event: unknown; terminal: boolean; input: string }

async function look(step: StepOptions = {}, options: Partial<RunnerOptions> = {}): Promise<StepResult & Seen> {
  await using action = fixtureAction({
    inputs: INPUTS,
    main: `
      import { readFileSync, writeFileSync } from 'node:fs'
      const event = JSON.parse(readFileSync(process.env.GITHUB_EVENT_PATH, 'utf8'))
      const terminal = Boolean(process.stdout.isTTY || process.stderr.isTTY)
      const seen = { env: process.env, cwd: process.cwd(), event, terminal, input: readFileSync(0, 'utf8') }
      writeFileSync(process.env.GITHUB_OUTPUT, 'seen=' + JSON.stringify(seen))`,
  })
  await using runner = await startRunner({ action: action.folder, ...options })
  const result = await runner.runStep(step).done
  const seen: Seen = JSON.parse(result.outputs['seen'] ?? '{}')
  return { ...result, ...seen }
}

describe('inputs', () => {
  test('the given, the defaults, the evaluated, and empty strings for the rest', async () => {
    const { env, annotations } = await look({ inputs: { Package: 'api' } }, { token: 'ghs_fixture' })
    const inputs = Object.entries(env).filter(([name]) => name.startsWith('INPUT_'))
    expect(Object.fromEntries(inputs)).toEqual({
      INPUT_PACKAGE: 'api',
      INPUT_TWO_WORDS: 'spaced',
      'INPUT_WITH-HYPHEN': '24',
      INPUT_FLAG: 'true',
      'INPUT_GITHUB-TOKEN': 'ghs_fixture',
      INPUT_LABEL: `main on ${process.platform === 'darwin' ? 'macOS' : 'Linux'}`,
      INPUT_OLD: '',
    })
    expect(annotations).toEqual([])
  })

  test('one that nobody declared is passed on with a warning, a deprecated one warns', async () => {
    const { env, annotations, log } = await look({ inputs: { packge: 'api', old: 'x' } })
    expect(env['INPUT_PACKGE']).toBe('api')
    expect(annotations.map(({ type, message }) => `${type}: ${message}`)).toEqual([
      "warning: Input 'old' has been deprecated with message: use package",
      "warning: Unexpected input(s) 'packge', valid inputs are ['package', 'two words', 'with-hyphen', 'flag', 'github-token', 'label', 'old']",
    ])
    expect(log).toContain('  packge: api')
  })

  test('the token is masked in the header, and empty inputs are not listed there', async () => {
    const { log } = await look({}, { token: 'ghs_fixture' })
    expect(log).toContain('  github-token: ***')
    expect(log.some((line) => line.startsWith('  old:'))).toBe(false)
  })

  test('a default that the runner cannot evaluate is said', async () => {
    await using action = fixtureAction({ main: '', inputs: `  a:\n    default: \${{ secrets.KEY }}` })
    await using runner = await startRunner({ action: action.folder })
    expect(() => runner.runStep()).toThrow(/cannot evaluate the default `\$\{\{ secrets\.KEY \}\}`/)
  })
})

describe('the environment', () => {
  test('starts empty but for the machine and what the runner says', async () => {
    vi.stubEnv('LAB_LEAK', 'leaked')
    const machine = [
      'SSL_CERT_FILE',
      'SSL_CERT_DIR',
      'NODE_EXTRA_CA_CERTS',
      'PIP_CERT',
      'GIT_SSL_CAINFO',
      'CURL_CA_BUNDLE',
    ]
    const passedOn = Object.fromEntries([...machine, 'CARGO_HOME', 'RUSTUP_HOME'].map((name) => [name, `/of/${name}`]))
    for (const [name, value] of Object.entries(passedOn)) vi.stubEnv(name, value)
    const { env, cwd, terminal, input } = await look({ env: { STEP: 'step', BOTH: 'step' } }, { env: { BOTH: 'job' } })
    expect(env).toMatchObject({
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      GITHUB_ACTION: '__self',
      GITHUB_REPOSITORY: 'octo-org/hello',
      GITHUB_REPOSITORY_OWNER: 'octo-org',
      GITHUB_REF: 'refs/heads/main',
      GITHUB_REF_NAME: 'main',
      GITHUB_REF_TYPE: 'branch',
      GITHUB_EVENT_NAME: 'push',
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_WORKSPACE: cwd,
      RUNNER_ENVIRONMENT: 'github-hosted',
      RUNNER_ARCH: process.arch.toUpperCase(),
      STEP: 'step',
      BOTH: 'step',
      PATH: process.env['PATH'],
      ...passedOn,
    })
    for (const name of ['LAB_LEAK', 'VITEST', 'NODE_ENV', 'RUNNER_DEBUG', 'GITHUB_TOKEN', 'ACTIONS_RUNTIME_TOKEN']) {
      expect(env).not.toHaveProperty(name)
    }
    expect({ terminal, input }).toEqual({ terminal: false, input: '' })
  })

  test('services, facts and the event reach the step, and what the step sets cannot forge them', async () => {
    const { env, event, log } = await look(
      { id: 'deploy', env: { GITHUB_REF: 'refs/heads/forged', CI: 'yes', SHOWN: 'token-1' } },
      {
        services: { ACTIONS_RESULTS_URL: 'http://127.0.0.1:1/', ACTIONS_RUNTIME_TOKEN: 'token-1' },
        github: {
          ref: 'refs/tags/v1.2.3',
          eventName: 'release',
          actionRepository: 'octo-org/rust-deploy',
          actionRef: 'v1',
          event: { action: 'published' },
        },
      },
    )
    expect(env).toMatchObject({
      ACTIONS_RESULTS_URL: 'http://127.0.0.1:1/',
      ACTIONS_RUNTIME_TOKEN: 'token-1',
      GITHUB_ACTION: 'deploy',
      GITHUB_ACTION_REF: 'v1',
      GITHUB_REF: 'refs/tags/v1.2.3',
      GITHUB_REF_NAME: 'v1.2.3',
      GITHUB_REF_TYPE: 'tag',
      CI: 'yes',
    })
    expect(event).toEqual({ action: 'published' })
    expect(log).toContain('##[group]Run octo-org/rust-deploy@v1')
    expect(log).toContain('  SHOWN: ***')
  })

  test('the payload of a push names the default branch', async () => {
    const { event } = await look()
    expect(event).toMatchObject({ ref: 'refs/heads/main', repository: { default_branch: 'main', name: 'hello' } })
  })

  test('RUNNER_TEMP is empty for each job, the tool cache can be kept, and nothing of a job is left', async () => {
    const tools = mkdtempSync(join(tmpdir(), 'tools-'))
    try {
      await using action = fixtureAction({
        main: `
          import { existsSync, readdirSync, writeFileSync } from 'node:fs'
          const { RUNNER_TEMP, RUNNER_TOOL_CACHE } = process.env
          console.log('temp ' + readdirSync(RUNNER_TEMP).filter((name) => !name.startsWith('_')).length)
          console.log('tool ' + existsSync(RUNNER_TOOL_CACHE + '/tool'))
          writeFileSync(RUNNER_TEMP + '/left', '')
          writeFileSync(RUNNER_TOOL_CACHE + '/tool', '')`,
      })
      for (const kept of ['false', 'true']) {
        await using runner = await startRunner({ action: action.folder, toolCache: tools })
        const { log } = await runner.runStep().done
        expect(log.slice(-2)).toEqual(['temp 0', `tool ${kept}`])
      }
    } finally {
      rmSync(tools, { recursive: true })
    }
  })
})

describe('the action.yml', () => {
  test('that is missing, for another Node, or with a post-if that the lab does not know, is said', async () => {
    await expect(startRunner({ action: '/nowhere' })).rejects.toThrow('there is no action.yml in /nowhere')
    await using action = fixtureAction({ main: '', post: '', postIf: "github.ref == 'x'" })
    await expect(startRunner({ action: action.folder })).rejects.toThrow('cannot evaluate `post-if')
  })
})
